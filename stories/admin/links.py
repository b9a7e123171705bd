"""Links to read, for staff to take back: which stories have one, and nothing of what is in them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from stories.admin.common import LookOnlyAdmin
from stories.history import links
from stories.models import SharedStory, Story


@admin.register(SharedStory)
class SharedStoryAdmin(LookOnlyAdmin):
    """Stories by their numbers, marked as good or not: whose they are, and that they have a link.

    Neither the text nor the link is shown: whoever complains of what they read has the address.
    """

    list_display = ("number", "owner")
    list_select_related = ("owner",)
    fields = ("number", "owner")
    readonly_fields = ("number",)
    search_fields = ("link__exact",)
    search_help_text = _("The address at which the story is read")
    actions = ("take_back",)

    @admin.display(description=_("story"), ordering="pk")
    def number(self, story: Story) -> str:
        """Return the story's number."""
        return str(story)

    @admin.action(description=_("Take the link back"), permissions=["view"])
    def take_back(self, request: HttpRequest, stories: QuerySet[Story]) -> None:
        """Let nobody but their writers read the selected stories any more."""
        for story in stories:
            links.take_link_back(story)
            self.log_change(request, story, gettext("Took the link to read back."))
            told = gettext("The link to %(story)s leads nowhere now.") % {"story": story}
            self.message_user(request, told, messages.SUCCESS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the stories that have a link, without their texts."""
        found: QuerySet[Any] = super().get_queryset(request).with_link().defer("text")
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the story by its address, or by the end of it."""
        end = search_term.strip().rstrip("/").rpartition("/")[2]
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, end)
        return found

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse all: "?text__startswith=A" would tell, letter by letter, what is not shown."""
        return False
