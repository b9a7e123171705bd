"""Preference pairs, to look at."""

from django.contrib import admin
from django.utils.safestring import SafeString

from stories.admin.common import OfGoodStoriesAdmin, as_paragraphs
from stories.models import PreferencePair


@admin.register(PreferencePair)
class PreferencePairAdmin(OfGoodStoriesAdmin):
    """What writers preferred to what; made by Keep and by Good story."""

    list_display = ("pk", "story", "source", "chosen_beginning", "rejected_beginning", "created_at")
    list_filter = ("source",)
    list_select_related = ("story",)
    search_fields = ("story__title", "story__owner__username")
    fields = ("story", "source", "prompt_text", "chosen_text", "rejected_text", "generation")
    readonly_fields = ("prompt_text", "chosen_text", "rejected_text")

    @admin.display(description="chosen")
    def chosen_beginning(self, pair: PreferencePair) -> str:
        """Return the first words of what was chosen."""
        return pair.chosen[:80]

    @admin.display(description="rejected")
    def rejected_beginning(self, pair: PreferencePair) -> str:
        """Return the first words of what was not."""
        return pair.rejected[:80]

    @admin.display(description="prompt")
    def prompt_text(self, pair: PreferencePair) -> SafeString:
        """Return the prompt in full."""
        return as_paragraphs(pair.prompt)

    @admin.display(description="chosen")
    def chosen_text(self, pair: PreferencePair) -> SafeString:
        """Return what was chosen, in full."""
        return as_paragraphs(pair.chosen)

    @admin.display(description="rejected")
    def rejected_text(self, pair: PreferencePair) -> SafeString:
        """Return what was not, in full."""
        return as_paragraphs(pair.rejected)
