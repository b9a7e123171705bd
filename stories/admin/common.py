"""What the admin's classes share."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from prose.children import check
from stories.history import looking
from stories.history.provenance import last_generation
from stories.models import Story, StorySettings
from stories.telling import told

# What is told of a generation, by the names that it is stored under.
_REPORT = {
    "words": _("words"),
    "max_words": _("max words"),
    "characters_found": _("characters found"),
    "characters_missing": _("characters missing"),
    "keywords_found": _("keywords found"),
    "keywords_missing": _("keywords missing"),
    "whole_end": _("whole end"),
    "repeated_sentences": _("repeated sentences"),
    "first_word_seconds": _("first word seconds"),
    "words_per_second": _("words per second"),
    "model": _("model"),
}


class LookOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows that are read here and changed elsewhere; every curator may read them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Staff see it."""
        return request.user.is_active and bool(getattr(request.user, "is_staff", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff see it."""
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is made by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Writers delete their own."""
        return False


class OfGoodStoriesAdmin(LookOnlyAdmin):
    """Rows of stories that their writers marked as good; of the others, the number alone.

    What is not in the queryset is in no list, page, search or filter (`stories.models.visibility`).
    Of a row, `fields` says what is shown: a draft of a good story is its writer's alone as well.
    """

    list_before_template: str | None = "admin/stories/counts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that staff may read; each of these models' querysets can tell."""
        found: QuerySet[Any] = super().get_queryset(request).shown_to_staff()
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say how many there are beside those that are listed, where there is a place to say it."""
        counts = self._counts(request) if self.list_before_template else {}
        shown: HttpResponse = super().changelist_view(request, {**counts, **(extra_context or {})})
        return shown

    def _counts(self, request: HttpRequest) -> dict[str, int]:
        return {
            "all_rows": self.model._default_manager.count(),
            "shown_rows": self.get_queryset(request).count(),
        }


def as_paragraphs(text: str) -> SafeString:
    """Return `text` for reading, escaped."""
    paragraphs = [(paragraph,) for paragraph in text.split("\n\n")]
    return format_html(
        '<div class="max-w-2xl text-base leading-7 font-serif whitespace-pre-wrap">{}</div>',
        format_html_join("", '<p class="mb-4" dir="auto">{}</p>', paragraphs),
    )


def settings_table(story: Story) -> SafeString:
    """Return the settings that the marked text was written by, as labels and values."""
    rows = (
        (field.verbose_name, _shown(story.good_settings, field.name))
        for field in StorySettings._meta.fields
        if field.name not in {"id", "owner", "name", "created_at"}
    )
    return format_html_join("", "<div><strong>{}:</strong> {}</div>", rows)


def _shown(settings: Any, name: str) -> str:
    value = getattr(settings, name, "")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None:
        return ""
    display = getattr(settings, f"get_{name}_display", None)
    return display() if display else value


def report_table(story: Story) -> SafeString:
    """Return the report on the generation that the marked text goes back to."""
    generation = last_generation(story, story.good_version or 0)
    if generation is None:
        return format_html("{}", gettext("Written by hand: no report."))
    rows = (
        (
            _REPORT.get(name, name.replace("_", " ")),
            ", ".join(value) if isinstance(value, list) else value,
        )
        for name, value in generation.report.items()
        if value != [] and not isinstance(value, dict)  # how much of the story the model was shown
    )
    return format_html_join("", "<div><strong>{}:</strong> {}</div>", rows)


def children_table(settings: Any, text: str) -> SafeString:
    """Return what the check for children says of `text`; empty where it is not meant for them."""
    if settings is None or not settings.child_friendly:
        return SafeString()
    found = looking.children(text, looking.READ)
    if found["why_not"] == "pending":
        said = gettext("being checked: load the page again")
    elif not found["checked"]:
        said = gettext("not checked: the check reads English alone, and needs its model")
    elif not found["findings"]:
        said = gettext("nothing found")
    else:
        said = ""
    rows = [(gettext("For children"), said)] if said else []
    rows += [
        (
            gettext("For children, look at"),
            f"{told(check.NAMES[each['category']])}: “{each['sentence']}”",
        )
        for each in found["findings"]
    ]
    return format_html_join("", "<div><strong>{}:</strong> {}</div>", rows)
