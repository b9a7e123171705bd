"""Versions of a story's text: the one place where the text changes.

Both the writer's changes (`stories.history.library`) and the model's (`stories.writing`) go through
`add_version` and `move_to_version`. Each is one transaction around a compare-and-set on the story's
version number, so that two tabs, or a tab and a generation, never overwrite each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from prose import sentences, words
from prose.splice import Hashes
from stories.errors import Refused
from stories.history.provenance import generation_behind, writer_of
from stories.models import Generation, Story, StoryVersion, User

# Code points; 5,000 words are about 30,000, and a writer may go on from there by hand.
MAX_TEXT_LENGTH = 400_000
# How a generation ends whose text breaks off, also where that is at the end of a sentence.
_BROKEN_OFF = frozenset({Generation.Status.INTERRUPTED, Generation.Status.FAILED})
CONFLICT = "conflict"  # the code by which a page knows that it has to show both texts


class VersionConflictError(Refused):
    """The story's text has moved on since the version that the change was based on.

    `story` is freshly read: its `text` and `version` are what the change has to be compared with.
    """

    def __init__(self, story: Story) -> None:
        sentence = _("This story was changed somewhere else in the meantime.")
        super().__init__(CONFLICT, sentence, story=story)


class StoryBusyError(Refused):
    """The model is writing in this story; the change has to wait or the writing be stopped."""

    def __init__(self, story: Story | None = None) -> None:
        sentence = _("The story is being written. Stop the writing first.")
        super().__init__("busy", sentence, story=story)


def storable(text: str) -> str:
    """Return `text` with line feeds only, and without what a database can't hold.

    Raises `Refused` when it is longer than a story may be.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = text.encode("utf-8", "ignore").decode()
    if len(text) > MAX_TEXT_LENGTH:
        sentence = _("The story has %(length)s characters; at most %(most)s can be kept.")
        numbers = {"length": intcomma(len(text)), "most": intcomma(MAX_TEXT_LENGTH)}
        raise Refused("too_long", sentence % numbers, 400)
    return text


@contextmanager
def while_idle(story: Story) -> Iterator[None]:
    """Hold the story's row in a transaction in which no generation owns its text or can start.

    Raises `StoryBusyError` when one does; a rewrite does not, until it is kept. `story` takes over
    the text and version in force.
    """
    with _hold(story) as current:
        if story.generations.holding_text().exists():
            raise StoryBusyError
        story.text, story.version = current.text, current.version
        story.redo_version, story.word_count = current.redo_version, current.word_count
        yield


def add_version(
    story: Story,
    text: str,
    origin: StoryVersion.Origin,
    *,
    expected_version: int,
    generation: Generation | None = None,
    editor: User | None = None,
    outside: Hashes | None = None,
    word_count: int | None = None,
    held: Story | None = None,
) -> StoryVersion:
    """Append `text` as the story's new current version.

    A text written from nothing (`Origin.WRITE`) opens a new take; any other stays in the take of
    the version that it was made from. `outside` has the hashes of what a rewrite left alone,
    `word_count` the words of `text` where they were counted before, `held` the story's row where
    the caller's transaction holds it. `story`, which may be that, is updated in place.

    Raises `VersionConflictError` when the story's current version is not `expected_version`, and
    what `storable` does; nothing has changed then.
    """
    with nullcontext(held) if held else _hold(story) as current:
        if current.version != expected_version:
            raise VersionConflictError(current)
        version = _append(
            story,
            expected_version,
            text=text,
            origin=origin,
            generation=generation,
            editor=editor,
            before_hash=outside.before if outside else "",
            after_hash=outside.after if outside else "",
        )
        _make_current(story, current, version, word_count=word_count)
    return version


def add_aside(
    story: Story,
    text: str,
    origin: StoryVersion.Origin,
    *,
    base: int,
    generation: Generation | None = None,
    editor: User | None = None,
) -> StoryVersion:
    """Append `text`, made from version `base`, to the history; the story stays as it is.

    Raises what `storable` does.
    """
    with _hold(story):
        return _append(story, base, text=text, origin=origin, generation=generation, editor=editor)


@contextmanager
def _hold(story: Story) -> Iterator[Story]:
    """Hold the story's row for a transaction; yields it as it is now."""
    with transaction.atomic():
        yield Story.objects.select_for_update().get(pk=story.pk)


def _append(
    story: Story, base: int, *, text: str, origin: StoryVersion.Origin, **fields: Any
) -> StoryVersion:
    newest = story.versions.aggregate(number=Max("number"), take=Max("take"))
    return StoryVersion.objects.create(
        story=story,
        number=(newest["number"] or 0) + 1,
        parent=base,
        take=_take(story, origin, base, newest["take"] or 0),
        text=storable(text),
        origin=origin,
        **fields,
    )


def move_to_version(story: Story, version: StoryVersion, redo_version: int | None = None) -> None:
    """Make an existing `version` the current one; nothing is added and nothing is lost.

    `redo_version` is where Redo leads to from there.
    """
    with _hold(story) as current:
        _make_current(story, current, version, redo_version)


def _take(story: Story, origin: StoryVersion.Origin, base: int, newest_take: int) -> int:
    if origin == StoryVersion.Origin.WRITE or base == 0:
        return newest_take + 1
    take: int = story.versions.values_list("take", flat=True).get(number=base)
    return take


def _make_current(
    story: Story,
    before: Story,
    version: StoryVersion,
    redo_version: int | None = None,
    word_count: int | None = None,
) -> None:
    """Let `version` take the place of what the held row, `before`, has."""
    _describe(story, before, version, word_count)
    story.text, story.version, story.updated_at = version.text, version.number, timezone.now()
    story.redo_version = redo_version
    described = ("word_count", "model", "is_unfinished")
    story.save(update_fields=["text", "version", "redo_version", "updated_at", *described])


def _describe(story: Story, before: Story, version: StoryVersion, word_count: int | None) -> None:
    """Note what the library sorts and chooses by; `version` is the current one."""
    broken_off = False
    if version.origin == StoryVersion.Origin.EDIT and version.parent == before.version:
        # It goes back to what wrote the one before: an autosave need not look for that.
        story.model = before.model
    else:
        behind = writer_of(version) or generation_behind(story, version.number)
        story.model = behind.model if behind is not None else ""
        broken_off = behind is not None and _breaks_off(version, behind)
    story.word_count = words.count(version.text) if word_count is None else word_count
    story.is_unfinished = broken_off or not sentences.ends_text(version.text)


def _breaks_off(version: StoryVersion, behind: Generation) -> bool:
    """Tell whether the text is what the model wrote before the model server broke off.

    A text that was restored may have been brought to an end by hand.
    """
    own = behind.pk == version.generation_id and version.text.endswith(behind.text)
    return own and behind.status in _BROKEN_OFF
