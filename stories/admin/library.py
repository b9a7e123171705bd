"""Good stories in full, as they were marked, and their settings; of generations, no texts."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from prose import words
from stories.admin.common import (
    OfGoodStoriesAdmin,
    as_paragraphs,
    children_table,
    report_table,
    settings_table,
)
from stories.models import Generation, Story, StorySettings, StoryVersion


class StoryReader(OfGoodStoriesAdmin):
    """Shows the version of a story that its writer marked, beside its settings and its report."""

    list_select_related = ("owner", "good_settings")
    search_fields = ("title", "owner__username")
    readonly_fields = ("name", "story_text", "story_settings", "report")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the stories with the text that was marked, `good_text`; drafts stay unread."""
        marked = StoryVersion.objects.filter(story=OuterRef("pk"), number=OuterRef("good_version"))
        texts = Subquery(marked.values("text"))
        stories = super().get_queryset(request).defer("text")
        found: QuerySet[Any] = stories.annotate(good_text=texts)
        return found

    @admin.display(description=_("title"), ordering="title")
    def name(self, story: Story) -> SafeString:
        """Return the title, in its own direction among other columns."""
        return format_html("<bdi>{}</bdi>", story)

    @admin.display(description=_("genre"), ordering="good_settings__genre")
    def genre(self, story: Story) -> str:
        """Return the genre."""
        return story.good_settings.get_genre_display() if story.good_settings else ""

    @admin.display(description=_("words"))
    def words(self, story: Any) -> int:
        """Return the number of words."""
        return words.count(story.good_text or "")

    @admin.display(description=_("text"))
    def story_text(self, story: Any) -> SafeString:
        """Return the text in full."""
        return as_paragraphs(story.good_text or "")

    @admin.display(description=_("settings"))
    def story_settings(self, story: Story) -> SafeString:
        """Return the settings."""
        return settings_table(story)

    @admin.display(description=_("report"))
    def report(self, story: Any) -> SafeString:
        """Return the report."""
        about_children = children_table(story.good_settings, story.good_text or "")
        return format_html("{}{}", report_table(story), about_children)


@admin.register(Story)
class StoryAdmin(StoryReader):
    """The good stories; their writers change them, curators decide in the queue."""

    list_display = ("name", "owner", "genre", "words", "curation", "created_at")
    list_filter = ("curation", "good_settings__genre", "good_settings__register")
    fields = (
        *("name", "owner", "story_text", "story_settings", "report"),
        *("curation", "curated_by", "curated_at", "curation_reason"),
        *("created_at", "updated_at"),
    )


@admin.register(StorySettings)
class StorySettingsAdmin(OfGoodStoriesAdmin):
    """The filled-in forms of good stories."""

    list_display = ("__str__", "owner", "genre", "register", "max_words", "created_at")
    list_filter = ("genre", "register", "language", "child_friendly", "final_twist")
    list_select_related = ("owner",)
    search_fields = ("name", "main_characters", "keywords", "premise", "owner__username")


@admin.register(Generation)
class GenerationAdmin(OfGoodStoriesAdmin):
    """What was asked of which model for good stories, and how it went: numbers and names.

    The texts are those of drafts too: other takes, and what was not kept.
    """

    list_display = ("pk", "story", "kind", "status", "model", "error_code", "created_at")
    fields = (
        *("story", "kind", "status", "model", "seed", "prompt_tokens", "completion_tokens"),
        *("created_at", "started_at", "first_token_at", "finished_at", "error_code"),
    )
    list_filter = ("status", "kind", "model", "error_code")
    list_select_related = ("story",)
    search_fields = ("story__title", "story__owner__username")
