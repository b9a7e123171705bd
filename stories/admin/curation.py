"""The curation queue: read a good story in full, then approve or reject it with a reason."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextInputWidget

from stories.admin.library import StoryReader
from stories.errors import Refused
from stories.history import curation
from stories.ids import row_id
from stories.models import Curation, Story, User, WaitingStory


class DecisionForm(forms.Form):
    """Why it is so; the writer of a rejected story is shown it."""

    reason = forms.CharField(
        max_length=curation.MAX_REASON,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
    )


@admin.register(WaitingStory)
class WaitingStoryAdmin(StoryReader):
    """Good stories that wait, the longest waiting first."""

    list_display = ("name", "owner", "genre", "words", "updated_at")
    list_filter = tuple(
        f"good_settings__{name}" for name in ("genre", "register", "child_friendly")
    )
    fields = ("name", "owner", "story_text", "story_settings", "report", "updated_at")
    actions = ("approve", "reject")
    ordering = ("updated_at",)
    list_before_template = None
    change_form_template = "admin/stories/waitingstory/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the queue."""
        return super().get_queryset(request).filter(curation=Curation.WAITING)

    @admin.action(description="Approve for training")
    def approve(self, request: HttpRequest, stories: QuerySet[Story]) -> HttpResponse | None:
        """Approve the selected stories, after a look at the list."""
        return self._decide(request, stories, "approve")

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, stories: QuerySet[Story]) -> HttpResponse | None:
        """Reject the selected stories with a reason."""
        return self._decide(request, stories, "reject")

    def _decide(
        self, request: HttpRequest, stories: QuerySet[Story], action: str
    ) -> HttpResponse | None:
        form = DecisionForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return TemplateResponse(
                request,
                "admin/stories/decide.html",
                {
                    **self.admin_site.each_context(request),
                    "title": "Approve for training" if action == "approve" else "Reject",
                    "action": action,
                    "stories": stories,
                    "form": form,
                    "opts": self.model._meta,
                },
            )
        done = sum(
            self._decide_on(request, story, action, form.cleaned_data["reason"])
            for story in stories
        )
        if done:
            verb = "approved" if action == "approve" else "rejected"
            self.message_user(request, f"{done} {verb}.", messages.SUCCESS)
        return None

    def _decide_on(self, request: HttpRequest, story: Story, action: str, reason: str) -> bool:
        curator: Any = request.user
        assert isinstance(curator, User)  # noqa: S101 - the admin lets nobody else in
        # What was on the curator's page; one that was marked anew since is not what was read.
        read = request.POST.get(f"version_{story.pk}")
        version = row_id(read or "") or 0
        try:
            decide = curation.approve if action == "approve" else curation.reject
            decide(story, curator, version, reason)
        except Refused as error:
            self.message_user(request, str(error), messages.ERROR)
            return False
        return True
