"""Counts the words of the stories that there are, and notes what wrote them and how they end.

What is marked as good is so in the version that a curator approved, or else as it stands, and by
the settings that wrote that.
"""

from typing import Any

from django.db import migrations, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from prose import sentences, words

_BATCH = 200  # stories
_BROKEN_OFF = {"interrupted", "failed"}
_WHOLE = {"write", "continue"}  # what a generation did that wrote more than a part


def describe(apps: Any, schema_editor: Any) -> None:
    """Fill in what `stories.history` notes of a text from now on; again is no error.

    Batch by batch: a large library is not held for as long as all of it takes.
    """
    library = apps.get_model("stories", "Story").objects
    marked = library.filter(good=True, good_version=None)
    marked.update(good_version=Coalesce(F("curated_version"), F("version")))
    stories = library.exclude(version=0)
    pks = list(stories.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _BATCH):
        with transaction.atomic(using=schema_editor.connection.alias):
            held = stories.select_for_update().filter(pk__in=pks[start : start + _BATCH])
            _describe(apps, list(held.only("text", "version", "good_version", "settings")))


def _describe(apps: Any, batch: list[Any]) -> None:
    lineages = _lineages(apps, [story.pk for story in batch])
    behind = {s.pk: _behind(lineages.get(s.pk, {}), s.version) for s in batch}
    marked = {s.pk: _behind(lineages.get(s.pk, {}), s.good_version)[0] for s in batch}
    wrote = {pk for pk, _ in behind.values()} | set(marked.values())
    models, settings, broken_off = _generations(apps, wrote)
    for story in batch:
        generation, is_own = behind[story.pk]
        if story.good_version is not None:
            story.good_settings_id = settings.get(marked[story.pk], story.settings_id)
        text = broken_off.get(generation)
        story.model = models.get(generation, "")
        story.word_count = words.count(story.text)
        # A text that was restored may have been brought to an end by hand.
        breaks_off = is_own and text is not None and story.text.endswith(text)
        story.is_unfinished = breaks_off or not sentences.ends_text(story.text)
    stories = apps.get_model("stories", "Story").objects
    stories.bulk_update(batch, ["word_count", "model", "is_unfinished", "good_settings"])


def _lineages(apps: Any, stories: list[int]) -> dict[int, dict[int, Any]]:
    """Return of each story, by a version's number, its parent, its generation and what that did."""
    fields = ("story", "number", "parent", "generation", "generation__kind")
    versions = apps.get_model("stories", "StoryVersion").objects.filter(story__in=stories)
    found: dict[int, dict[int, Any]] = {}
    for story, number, *rest in versions.order_by().values_list(*fields):
        found.setdefault(story, {})[number] = rest
    return found


def _behind(lineage: dict[int, Any], version: int | None) -> tuple[int | None, bool]:
    """Return the generation that the version goes back to, and whether it made the version."""
    number, left = version, dict(lineage)
    while number in left:
        parent, generation, kind = left.pop(number)
        if kind in _WHOLE:
            return generation, number == version
        number = parent
    return None, False


def _generations(apps: Any, pks: set[int | None]) -> tuple[dict[Any, Any], ...]:
    """Return the generations' models and settings, and the texts of those that broke off."""
    found = apps.get_model("stories", "Generation").objects.filter(pk__in=pks - {None}).order_by()
    broken_off = found.filter(status__in=_BROKEN_OFF)
    wrote = list(found.values_list("pk", "model", "settings"))
    texts = dict(broken_off.values_list("pk", "text"))
    return {pk: model for pk, model, _ in wrote}, {pk: used for pk, _, used in wrote}, texts


class Migration(migrations.Migration):
    """Runs once; going back, there is nothing to undo."""

    atomic = False  # a transaction a batch

    dependencies = [("stories", "0008_shelves")]

    operations = [migrations.RunPython(describe, migrations.RunPython.noop)]
