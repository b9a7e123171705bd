"""Users in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from stories.accounts.departure import delete_account
from stories.accounts.reset import reset_link
from stories.admin.connections import ConnectionInline
from stories.errors import Refused
from stories.models import User
from stories.models.visibility import marked_good


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Accounts; "staff" makes a curator."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        *("username", "email", "is_staff", "is_superuser", "is_active", "last_login"),
        *("stories", "good_stories"),
    )
    actions = ("hand_out_link",)
    change_form_template = "admin/stories/user/change_form.html"

    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """Return what is shown with a user: whom they are at the sign-in provider, if anybody."""
        connected = obj is not None and obj.socialaccount_set.exists()  # type: ignore[attr-defined]
        return [ConnectionInline] if connected else []

    @admin.action(description=_("Make a link to set a new password"), permissions=["change"])
    def hand_out_link(self, request: HttpRequest, users: QuerySet[User]) -> HttpResponse | None:
        """Show, this once, the link by which a user sets a new password."""
        administrator: Any = request.user
        if users.count() != 1:
            sentence = gettext("Select one user: each has a link.")
            self.message_user(request, sentence, messages.ERROR)
            return None
        user = users.get()
        try:
            link = reset_link(user, administrator)
        except Refused as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        # That it was handed out is kept, the link is not.
        self.log_change(request, user, gettext("Handed out a link to set a new password."))
        response = TemplateResponse(
            request,
            "admin/stories/user/link.html",
            {
                **self.admin_site.each_context(request),
                "title": gettext("A link for %(user)s") % {"user": user},
                "person": user,
                "link": link,
                "opts": self.model._meta,
            },
        )
        add_never_cache_headers(response)
        return response

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the accounts with how many stories each has, and has marked as good."""
        good = Count("stories", filter=marked_good("stories__"))
        there = Count("stories", filter=Q(stories__deleted_at=None))
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(story_count=there, good_count=good)

    @admin.display(description=_("stories"), ordering="story_count")
    def stories(self, user: Any) -> int:
        """Return how many stories they have."""
        return int(user.story_count)

    @admin.display(description=_("good stories"), ordering="good_count")
    def good_stories(self, user: Any) -> int:
        """Return how many of them they marked as good."""
        return int(user.good_count)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let whoever may delete accounts do it: their stories can't be deleted by themselves.

        What goes with an account is told in numbers: titles and settings are the writer's.
        """
        _, counts, _, protected = super().get_deleted_objects(objs, request)
        held = [gettext("What somebody else's stories hold.")] if protected else []
        return [str(user) for user in objs], counts, set(), held

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete an account with everything that it left."""
        delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete accounts with everything that they left."""
        for user in queryset:
            delete_account(user)
