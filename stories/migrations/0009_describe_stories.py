"""Counts the words of the stories that there are, and notes what wrote them and how they end."""

from typing import Any

from django.db import migrations

from prose import sentences, words

_BATCH = 200  # stories
_BROKEN_OFF = {"interrupted", "failed"}
_WHOLE = {"write", "continue"}  # what a generation did that wrote more than a part


def describe(apps: Any, schema_editor: Any) -> None:
    """Fill in what `stories.history.versions` notes of a text from now on."""
    stories = apps.get_model("stories", "Story").objects.exclude(version=0)
    pks = list(stories.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _BATCH):
        batch = list(stories.filter(pk__in=pks[start : start + _BATCH]).only("text", "version"))
        for story in batch:
            _describe(story)
        stories.bulk_update(batch, ["word_count", "model", "is_unfinished"])


def _describe(story: Any) -> None:
    fields = ("number", "parent", "generation__kind", "generation__status", "generation__model")
    lineage = {row[0]: row[1:] for row in story.versions.values_list(*fields)}
    broken_off, number = False, story.version
    while number in lineage:
        parent, kind, status, model = lineage.pop(number)
        if kind in _WHOLE:
            story.model = model
            broken_off = number == story.version and status in _BROKEN_OFF
            break
        number = parent
    story.word_count = words.count(story.text)
    story.is_unfinished = broken_off or not sentences.ends_sentence(story.text)


class Migration(migrations.Migration):
    """Runs once; going back, there is nothing to undo."""

    dependencies = [("stories", "0008_shelves")]

    operations = [migrations.RunPython(describe, migrations.RunPython.noop)]
