"""A rewrite from the selection to Keep or Discard: the server's side of "only the selected part".

A finished rewrite changes nothing. It is kept by a splice under compare-and-swap: the version that
the writer saw, and the very passage that was replaced, have to be there still.
"""

from dataclasses import dataclass
from typing import Any, TypedDict

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from prose import passage, prompts, report, splice
from stories.history import library, preferences
from stories.history.versions import StoryBusyError, VersionConflictError, add_version
from stories.models import Generation, Register, Story, StoryVersion, User
from stories.writing import rewrite_request
from stories.writing.finishing import speed
from stories.writing.requests import open_generation


class NotPendingError(Exception):
    """The replacement was kept or discarded already, or there is none."""

    code = "not_pending"

    def __init__(self) -> None:
        super().__init__("This replacement was decided on already.")


class BadWishError(Exception):
    """What is asked of the rewrite is not among what can be asked."""

    code = "bad_wish"


@dataclass(frozen=True)
class Selection:
    """A passage as a client sees it: code points of the text of a version, and what is there."""

    start: int
    end: int
    version: int
    text: str

    def check(self, story: Story) -> None:
        """Raise `VersionConflictError` unless `story` is at the version and reads the passage."""
        here = splice.is_at(story.text, self.start, self.end, self.text)
        if story.version != self.version or not here:
            raise VersionConflictError(story)


@dataclass(frozen=True)
class Wish:
    """What is asked of a rewrite; `again` names another try at the same passage."""

    mode: str = Generation.Mode.REWRITE
    register: str = ""
    instruction: str = ""
    again: int | None = None

    def check(self) -> None:
        """Raise `BadWishError` with what is wrong."""
        if self.mode not in Generation.Mode.values:
            raise BadWishError("There is no such way to rewrite a passage.")
        if (self.mode == Generation.Mode.REGISTER) != (self.register in Register.values):
            raise BadWishError("Choose one of the registers.")
        if len(self.instruction) > prompts.MAX_INSTRUCTION_LENGTH:
            raise BadWishError(
                f"An instruction may have {prompts.MAX_INSTRUCTION_LENGTH} characters at most."
            )


def open_rewrite(
    story: int, user: User | AnonymousUser, selection: Selection, wish: Wish
) -> Generation:
    """Store and return a running rewrite of the caller for a story that `user` can see.

    Undecided tries at another passage are discarded by it. Raises what `open_generation` does,
    `VersionConflictError`, `EmptyPassageError` and `BadWishError`; nothing has changed then.
    """
    wish.check()
    instruction = " ".join(prompts.clean_text(wish.instruction).split())

    def prepare(locked: Story) -> dict[str, Any]:
        selection.check(locked)
        part = passage.cut(locked.text, selection.start, selection.end)
        fields = {
            "start": selection.start,
            "end": selection.end,
            "selected": selection.text,
            "mode": wish.mode,
            "register": wish.register,
            "instruction": instruction,
            "decision": Generation.Decision.PENDING,
            "first_try": _first_try(locked, selection, wish.again),
        }
        shape = Generation(story=locked, settings=locked.settings, **fields)
        return {**fields, "prompt": rewrite_request.full_prompt(shape, part)}

    return open_generation(story, user, Generation.Kind.REWRITE, prepare)


def _first_try(story: Story, selection: Selection, again: int | None) -> Generation | None:
    """Return the first of the tries that this one joins; discard what is pending elsewhere."""
    undecided = story.generations.undecided()
    other = undecided.filter(pk=again or 0, selected=selection.text).first()
    if other is not None:
        return other.first_try or other
    undecided.update(decision=Generation.Decision.DISCARDED)
    return None


def keep(story: Story, editor: User, generation: int, selection: Selection) -> int:
    """Splice the replacement of `generation` into the text; return the new version's number.

    Everything outside of the selection stays as it is, byte for byte; the version stores its
    hashes. The other tries are discarded. Raises `NotPendingError`, `StoryBusyError`,
    `TextTooLongError`, and `VersionConflictError` when the passage is not there any more.
    """
    with transaction.atomic():
        current = Story.objects.select_for_update().select_related("settings").get(pk=story.pk)
        if current.generations.holding_text().exists():
            raise StoryBusyError  # another tab lets the model write the story itself
        kept = _pending(current, generation)
        if kept.selected != selection.text:
            raise VersionConflictError(current)
        selection.check(current)
        text = splice.splice(current.text, selection.start, selection.end, kept.replacement)
        if len(text) > library.MAX_TEXT_LENGTH:
            raise library.TextTooLongError(len(text))
        version = add_version(
            story,
            text,
            StoryVersion.Origin.REWRITE,
            expected_version=selection.version,
            generation=kept,
            editor=editor,
            outside=splice.hashes(current.text, selection.start, selection.end),
        )
        kept.decision = Generation.Decision.KEPT
        kept.start, kept.end, kept.base_version = selection.start, selection.end, selection.version
        kept.report = {
            **kept.report,
            **report.story_report(text, kept.settings),
            **speed(kept),
        }
        kept.save(update_fields=["decision", "start", "end", "base_version", "report"])
        current.generations.undecided().update(decision=Generation.Decision.DISCARDED)
        preferences.record_kept_replacement(kept)
    return version.number


def discard(story: Story) -> None:
    """Let the story's undecided tries go. Raises `StoryBusyError` while one is being written."""
    with transaction.atomic():
        current = Story.objects.select_for_update().get(pk=story.pk)
        undecided = current.generations.undecided()
        if undecided.active().exists():
            raise StoryBusyError
        undecided.update(decision=Generation.Decision.DISCARDED)


def _pending(story: Story, generation: int) -> Generation:
    found = story.generations.undecided().select_related("settings", "story").filter(pk=generation)
    pending = found.first()
    if pending is None or not pending.replacement:
        raise NotPendingError
    if pending.is_active:
        raise StoryBusyError
    return pending


class Try(TypedDict):
    """One try at a passage; `text` is what Keep would put there, empty while it is written."""

    id: int
    text: str
    status: str
    mode: str
    register: str
    instruction: str
    context: dict[str, int]  # what the model saw of the story, if not all


class Review(TypedDict):
    """The undecided tries at a passage and where it stands in the current text (code points).

    `start` and `end` are null when the passage was changed or removed in the meantime.
    """

    selected: str
    start: int | None
    end: int | None
    tries: list[Try]


def open_review(story: Story) -> Review | None:
    """Return what waits for the writer's decision in `story`, if anything does."""
    tries = list(story.generations.undecided().order_by("pk"))
    if not tries:
        return None
    newest = tries[-1]
    place = _place(story, newest)
    return {
        "selected": newest.selected,
        "start": place[0] if place else None,
        "end": place[1] if place else None,
        "tries": [
            {
                "id": found.pk,
                "text": found.replacement,
                "status": found.status,
                "mode": found.mode,
                "register": found.register,
                "instruction": found.instruction,
                "context": found.report.get("context", {}),
            }
            for found in tries
        ],
    }


def _place(story: Story, rewrite: Generation) -> tuple[int, int] | None:
    start, end = rewrite.start or 0, rewrite.end or 0
    if rewrite.base_version == story.version:
        return start, end
    base = story.versions.filter(number=rewrite.base_version).values_list("text", flat=True)
    text = base.first()
    return splice.moved(text, story.text, start, end) if text is not None else None
