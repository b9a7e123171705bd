"""How a generation ends: its outcome and what it makes of the story, in one transaction.

What was written or continued becomes the story's new version; a rewrite becomes a replacement that
waits for the writer's decision (`stories.writing.rewrites`).
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prose import report, said, sentences, words
from prose.children.gate import Gate
from prose.settings import Settings
from stories.history import looking
from stories.history.versions import MAX_TEXT_LENGTH, add_aside, add_version
from stories.models import Generation, Story, StoryVersion
from stories.writing import rewrite_request
from stories.writing.figures.counting import count_generation

_MOVED_ON = said(
    "The story was changed while this was written. It stays as it is; what was written is the "
    "newest of its versions."
)
# What the writer is told where no more was shown.
_HELD_BACK = {
    "violence": _("Held back here: what came next may show violence."),
    "fear": _("Held back here: what came next may frighten children."),
    "sexual": _("Held back here: what came next may be sexual."),
    "hate": _("Held back here: what came next may insult people for what they are."),
    "self-harm": _("Held back here: what came next may be about self-harm."),
    "drugs": _("Held back here: what came next may be about drugs or drink."),
}
_UNCHECKED = said("The check for children failed: not all of this was looked at.")
_LONGEST_TITLE = 120  # characters
_ORIGINS = {
    Generation.Kind.WRITE: StoryVersion.Origin.WRITE,
    Generation.Kind.CONTINUE: StoryVersion.Origin.CONTINUE,
}


@dataclass
class Outcome:
    """How the writing went; `text` is the model's own, without what it went on from."""

    status: Generation.Status
    text: str
    error_code: str = ""
    error_message: str = ""
    # More fields of the row: of a rewrite, `replacement` is what Keep puts in the passage's place.
    facts: dict[str, Any] = field(default_factory=dict)
    title: str = ""  # that the model gave the story
    # How well the story that the text makes keeps to its settings; empty of a rewrite.
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def is_cut_short(self) -> bool:
        """Whether the model was cut off before it came to an end by itself."""
        return self.facts.get("done_reason") in sentences.CUT_SHORT


def finish(generation: Generation, outcome: Outcome) -> bool:
    """Store `outcome` and, if there is text, the version or the replacement that it makes.

    Returns False, and changes nothing, when the row is no longer its runner's or has ended. Raises
    `Story.DoesNotExist` when the story was removed for good meanwhile.
    """
    with transaction.atomic():
        # The story first, as every change of it does, so that two never wait for each other.
        story = Story.objects.select_for_update().get(pk=generation.story_id)
        owned = Generation.objects.active().filter(runner=generation.runner).select_for_update()
        try:
            generation.refresh_from_db(from_queryset=owned)
        except Generation.DoesNotExist:
            return False
        changed = _end(generation, outcome)
        if generation.kind == Generation.Kind.REWRITE:
            _propose(generation)
        elif generation.text:
            _keep(generation, story, outcome)
        generation.save(update_fields=[*changed, "decision", "report"])
    count_generation(generation.pk)
    return True


def _end(generation: Generation, outcome: Outcome) -> set[str]:
    """Let `generation` end as `outcome` says, in memory; return the names of what changed."""
    now = timezone.now()
    facts = {
        **outcome.facts,
        "status": outcome.status,
        "text": outcome.text.rstrip(),
        "error_code": outcome.error_code,
        "error_message": outcome.error_message[:500],
        "finished_at": now,
        "heartbeat_at": now,
    }
    for name, value in facts.items():
        setattr(generation, name, value)
    return {*facts} - {"report"}


def report_of(generation: Generation, base: str, text: str) -> dict[str, Any]:
    """Return how well the story keeps to its settings that `text` makes, after `base`.

    It reads the whole text: not for the event loop, nor for a transaction.
    """
    if not text.strip():
        return {}
    whole, settings = _whole(base, text.rstrip()), Settings.of(generation.settings)
    return {**report.story_report(whole, settings), **looking.about(whole, settings, looking.END)}


def tell_of_held(gate: Gate | None, outcome: Outcome) -> None:
    """Say that the text ends before a passage that may not be for children, or wasn't looked at."""
    if gate and gate.found:
        outcome.error_code, outcome.error_message = "not_for_children", str(_HELD_BACK[gate.found])
    elif gate and gate.is_open and not outcome.error_code:
        outcome.error_code, outcome.error_message = "not_checked", _UNCHECKED


def base_of(generation: Generation) -> str:
    """Return what a continuation went on from; empty of anything else."""
    if generation.kind != Generation.Kind.CONTINUE:
        return ""
    found = StoryVersion.objects.filter(story=generation.story_id, number=generation.base_version)
    return found.values_list("text", flat=True).first() or ""  # the story may be gone


def _whole(base: str, text: str) -> str:
    # Nobody writes beyond it (`assignments`); should it all the same, the row has the rest.
    return (base + text)[:MAX_TEXT_LENGTH]


def reclaim(generation: Generation, outcome: Outcome) -> bool:
    """Take back a row that recovery closed too early, if `outcome` has more of the text than it.

    Finished once more, the whole text comes beside what recovery made of it. Tells whether it was
    so. Raises `DatabaseError` while another generation of the story is active.
    """
    closed = Generation.objects.filter(
        pk=generation.pk,
        status=Generation.Status.INTERRUPTED,
        decision__in=(Generation.Decision.NONE, Generation.Decision.PENDING),
    )
    known = closed.values_list("text", flat=True).first()
    if known is None or len(known) >= len(outcome.text.rstrip()):
        return False
    return bool(closed.update(status=Generation.Status.RUNNING, runner=generation.runner))


def _propose(generation: Generation) -> None:
    """Leave the replacement to the writer's decision, if there is one."""
    if not generation.replacement:
        generation.decision = Generation.Decision.DISCARDED
        if generation.status == Generation.Status.DONE and not generation.error_code:
            generation.error_code, generation.error_message = (
                "nothing_written",
                rewrite_request.NOTHING,
            )
    generation.report = {
        **generation.report,
        **speed(generation),
        "words": words.count(generation.replacement),
        "model": generation.model,
    }


def _keep(generation: Generation, story: Story, outcome: Outcome) -> None:
    """Make the story's new version of what was written; `story` is its row, which is held."""
    kind = Generation.Kind(generation.kind)
    if kind == Generation.Kind.WRITE and story.version:
        # Their passage was in the take that this one takes the place of.
        story.generations.undecided().update(decision=Generation.Decision.DISCARDED)
    base, origin = generation.base_version, _ORIGINS[kind]
    whole = _whole(base_of(generation), generation.text)
    if story.version == base:
        add_version(story, whole, origin, expected_version=base, generation=generation, held=story)
    else:
        # Nothing may change the text meanwhile; should it all the same, both are kept.
        add_aside(story, whole, origin, base=base, generation=generation)
        generation.error_code, generation.error_message = "conflict", _MOVED_ON
    generation.report = {
        **generation.report,
        **outcome.report,
        **speed(generation),
        "model": generation.model,
    }
    if outcome.title and not story.title_is_own:
        Story.objects.filter(pk=story.pk).update(title=outcome.title[:_LONGEST_TITLE])


def speed(generation: Generation) -> dict[str, float | None]:
    """Return seconds to the first word, and words a second from there on, of an ended one."""
    started, first, ended = (
        generation.started_at,
        generation.first_token_at,
        generation.finished_at,
    )
    if started is None or first is None or ended is None:
        return {"first_word_seconds": None, "words_per_second": None}
    spent = (ended - first).total_seconds()
    written = words.count(generation.text)
    return {
        "first_word_seconds": round((first - started).total_seconds(), 3),
        "words_per_second": round(written / spent, 1) if spent > 0 else None,
    }
