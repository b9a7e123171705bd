"""Undo and redo over a story's versions, whoever made them: the model or the writer.

Undo goes from a version to the one that it was made from, and remembers where it set out; Redo goes
back along the same way. Nothing is removed, and a change after Undo begins a new branch.
"""

from django.utils.translation import gettext as _

from stories.errors import Refused
from stories.history.versions import move_to_version, while_idle
from stories.models import Story, StoryVersion


def undo(story: Story) -> None:
    """Go back by one version. Raises `Refused`: none is left, or `StoryBusyError`."""
    with while_idle(story):
        way = _way_back(story)
        if len(way) < 2:
            raise Refused("nothing_to_undo", _("There is nothing to undo."))
        _move(story, way[1], story.redo_version or story.version)


def redo(story: Story) -> None:
    """Go forward by one version. Raises `Refused`: none is left, or `StoryBusyError`."""
    with while_idle(story):
        way = _way_forward(story)
        if not way:
            raise Refused("nothing_to_undo", _("There is nothing to redo."))
        _move(story, way[0], story.redo_version)


def can_undo(story: Story) -> bool:
    """Tell whether `undo` has somewhere to go."""
    parent = story.versions.filter(number=story.version).values("parent")
    return story.versions.filter(number__in=parent).exists()


def can_redo(story: Story) -> bool:
    """Tell whether `redo` has somewhere to go."""
    return story.redo_version not in (None, story.version)


def move_to_text(story: Story, text: str) -> bool:
    """Go to the nearest version, back or forward, that reads `text`; False if there is none.

    For an editor that undoes by itself, letter by letter: where it comes by a stored version, that
    is where it is, and no new one. Call it within `while_idle`.
    """
    same = set(story.versions.filter(text=text).values_list("number", flat=True))
    for number in (*_way_back(story), *_way_forward(story)):
        if number in same:
            _move(story, number, story.redo_version or story.version)
            return True
    return False


def _move(story: Story, number: int, redo_version: int | None) -> None:
    version = story.versions.get(number=number)
    move_to_version(story, version, None if number == redo_version else redo_version)


def _way_back(story: Story) -> list[int]:
    """Return the current version and those that it was made from, the oldest last."""
    return _ancestors(_parents(story), story.version)


def _way_forward(story: Story) -> list[int]:
    """Return the versions from the current one, without it, to where Undo set out from."""
    if story.redo_version is None:
        return []
    way = _ancestors(_parents(story), story.redo_version)
    return way[: way.index(story.version)][::-1] if story.version in way else []


def _parents(story: Story) -> dict[int, int]:
    return dict(StoryVersion.objects.filter(story=story).values_list("number", "parent"))


def _ancestors(parents: dict[int, int], number: int) -> list[int]:
    way = []
    while number in parents:
        way.append(number)
        number = parents[number]
    return way
