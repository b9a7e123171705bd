"""A rewrite from the selection to Keep or Discard: the server's side of "only the selected part".

A finished rewrite changes nothing. It is kept by a splice under compare-and-swap: the version that
the writer saw, and the very passage that was replaced, have to be there still.
"""

from dataclasses import dataclass
from typing import TypedDict

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext as _

from prose import report, splice
from prose.passage import EmptyPassageError, Passage, cut
from prose.settings import Settings
from stories.errors import Refused
from stories.history import looking, preferences
from stories.history.versions import StoryBusyError, VersionConflictError, add_version
from stories.models import (
    Generation,
    Register,
    Story,
    StoryVersion,
    User,
    model_in_service,
)
from stories.telling import told
from stories.writing.finishing import speed
from stories.writing.opening import checked_wish, held_story, new_generation, store
from stories.writing.rewrite_request import Rewrite


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
        """Raise `Refused` with what is wrong."""
        if self.mode not in Generation.Mode.values:
            raise Refused("bad_wish", _("There is no such way to rewrite a passage."), 400)
        if (self.mode == Generation.Mode.REGISTER) != (self.register in Register.values):
            raise Refused("bad_wish", _("Choose one of the registers."), 400)
        checked_wish(self.instruction)


def open_rewrite(
    story: int, user: User | AnonymousUser, selection: Selection, wish: Wish
) -> Rewrite:
    """Store and return a rewrite of the caller, running or queued, for a story of `user`'s.

    Undecided tries at another passage are discarded by it. Raises what `open_generation` does, and
    other `Refused`, such as `VersionConflictError`; nothing has changed then.
    """
    wish.check()
    with held_story(story, user) as held:
        selection.check(held)
        part = _part(held, selection)
        generation = new_generation(
            held,
            Generation.Kind.REWRITE,
            model_in_service(),
            prompt="",  # made when it is known how much the model reads
            start=selection.start,
            end=selection.end,
            selected=selection.text,
            mode=wish.mode,
            register=wish.register,
            instruction=checked_wish(wish.instruction),
            decision=Generation.Decision.PENDING,
            first_try=_first_try(held, selection, wish.again),
        )
        store(generation)
    return Rewrite(generation, part)


def _part(story: Story, selection: Selection) -> Passage:
    try:
        return cut(story.text, selection.start, selection.end)
    except EmptyPassageError as error:
        raise Refused("empty_selection", told(str(error)), 400) from error


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
    hashes. The other tries are discarded. Raises `Refused`: `StoryBusyError`, or
    `VersionConflictError` when the passage is not there any more, among others.
    """
    before = Story.objects.get(pk=story.pk)
    kept = _to_be_kept(before, generation, selection)
    text = splice.splice(before.text, selection.start, selection.end, kept.replacement)
    # They read the whole text: while the database is nobody's. A version's text never changes.
    settings = Settings.of(kept.settings)
    told = {
        **report.story_report(text, settings),
        **looking.about(text, settings, looking.PAGE),
        **speed(kept),
    }
    outside = splice.hashes(before.text, selection.start, selection.end)
    with transaction.atomic():
        current = Story.objects.select_for_update().get(pk=story.pk)
        kept = _to_be_kept(current, generation, selection)
        version = add_version(
            story,
            text,
            StoryVersion.Origin.REWRITE,
            expected_version=selection.version,
            generation=kept,
            editor=editor,
            outside=outside,
        )
        kept.decision = Generation.Decision.KEPT
        kept.start, kept.end, kept.base_version = selection.start, selection.end, selection.version
        kept.report = {**kept.report, **told}
        kept.save(update_fields=["decision", "start", "end", "base_version", "report"])
        current.generations.undecided().update(decision=Generation.Decision.DISCARDED)
        preferences.record_kept_replacement(kept)
    return version.number


def _to_be_kept(story: Story, generation: int, selection: Selection) -> Generation:
    if story.generations.holding_text().exists():
        raise StoryBusyError(story)  # another tab lets the model write the story itself
    kept = _pending(story, generation)
    if kept.selected != selection.text:
        raise VersionConflictError(story)
    selection.check(story)
    return kept


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
        sentence = _("This replacement was decided on already.")
        raise Refused("not_pending", sentence, story=story)
    if pending.is_active:
        raise StoryBusyError(story)
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
