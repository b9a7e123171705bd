"""Thinning of the versions that typing leaves behind.

Saving as one types makes a version every few seconds. The last ones are all kept; of the older
ones, one an hour. What the model wrote is never touched, nor anything that is referred to.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from stories.models import Generation, Story, StoryVersion

KEPT_EDITS = 50


def thin_versions(story: Story) -> int:
    """Remove the superfluous of the story's old edits; return how many.

    The versions that were made from one hang on its parent from then on.
    """
    with transaction.atomic():
        current = Story.objects.select_for_update().get(pk=story.pk)
        edits = current.versions.filter(origin=StoryVersion.Origin.EDIT).order_by("-number")
        old = list(edits.values_list("pk", "number", "created_at")[KEPT_EDITS:])
        if not old:
            return 0
        referred = _referred_numbers(current) | _last_of_each_hour(old)
        pks = {pk for pk, number, _ in old if number not in referred}
        pks -= _referred_rows(pks)
        if pks:
            _hang_on_parents(current, pks)
            StoryVersion.objects.filter(pk__in=pks).delete()
    return len(pks)


def _referred_numbers(story: Story) -> set[int]:
    bases = Generation.objects.filter(story=story).values_list("base_version", flat=True)
    own = (story.version, story.good_version, story.curated_version, story.redo_version)
    return {number for number in (*bases, *own) if number}


def _last_of_each_hour(old: Iterable[tuple[int, int, datetime]]) -> set[int]:
    """Return the highest number of each hour; `old` comes with the highest first."""
    hours: dict[datetime, int] = {}
    for _, number, created_at in old:
        hours.setdefault(created_at.replace(minute=0, second=0, microsecond=0), number)
    return set(hours.values())


def _referred_rows(pks: set[int]) -> set[int]:
    """Return those of `pks` that a row of any table points to, such as a training example."""
    found: set[int] = set()
    for relation in StoryVersion._meta.related_objects:
        rows = relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": pks})
        found.update(rows.values_list(relation.field.attname, flat=True))
    return found


def _hang_on_parents(story: Story, pks: set[int]) -> None:
    rows = list(story.versions.only("pk", "number", "parent"))
    leaving = {row.number: row.parent for row in rows if row.pk in pks}
    moved = []
    for row in rows:
        if row.pk in pks or row.parent not in leaving:
            continue
        while row.parent in leaving:
            row.parent = leaving[row.parent]
        moved.append(row)
    StoryVersion.objects.bulk_update(moved, ["parent"])
