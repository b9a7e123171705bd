"""Stories, settings and generations, to look at."""

from django.contrib import admin
from django.utils.safestring import SafeString

from stories.admin.common import (
    OfGoodStoriesAdmin,
    as_paragraphs,
    report_table,
    settings_table,
)
from stories.models import Generation, Story, StorySettings


class StoryReader(OfGoodStoriesAdmin):
    """Shows a story in full, beside its settings and its report."""

    list_select_related = ("owner", "settings")
    search_fields = ("title", "owner__username")
    readonly_fields = ("story_text", "story_settings", "report")

    @admin.display(ordering="settings__genre")
    def genre(self, story: Story) -> str:
        """Return the genre."""
        return story.settings.genre

    @admin.display(ordering="word_count")
    def words(self, story: Story) -> int:
        """Return the number of words."""
        return story.word_count

    @admin.display(description="text")
    def story_text(self, story: Story) -> SafeString:
        """Return the text in full."""
        return as_paragraphs(story.text)

    @admin.display(description="settings")
    def story_settings(self, story: Story) -> SafeString:
        """Return the settings."""
        return settings_table(story)

    def report(self, story: Story) -> SafeString:
        """Return the report."""
        return report_table(story)


@admin.register(Story)
class StoryAdmin(StoryReader):
    """The good stories; their writers change them, curators decide in the queue."""

    list_display = ("title", "owner", "genre", "words", "curation", "created_at")
    list_filter = ("curation", "settings__genre", "settings__register")
    fields = (
        *("title", "owner", "story_text", "story_settings", "report"),
        *("curation", "curated_by", "curated_at", "curation_reason"),
        *("created_at", "updated_at"),
    )


@admin.register(StorySettings)
class StorySettingsAdmin(OfGoodStoriesAdmin):
    """The filled-in forms of good stories."""

    list_display = ("__str__", "owner", "genre", "register", "max_words", "created_at")
    list_filter = ("genre", "register", "child_friendly", "final_twist")
    list_select_related = ("owner",)
    search_fields = ("name", "main_characters", "keywords", "owner__username")


@admin.register(Generation)
class GenerationAdmin(OfGoodStoriesAdmin):
    """What was asked of which model for good stories, and how it went."""

    list_display = ("pk", "story", "kind", "status", "model", "error_code", "created_at")
    list_filter = ("status", "kind", "model", "error_code")
    list_select_related = ("story",)
    search_fields = ("story__title", "story__owner__username")
