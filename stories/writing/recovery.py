"""Generations whose process died: who is dead, and their rows closed with all the text there is.

One that was still waiting for its turn is taken over by another process (`turns`), and closed only
when none is there. Called where somebody looks (a page, a socket that waits in vain) and by a
periodic task, so that no start-up order matters.

The age of a heartbeat says little once somebody sets the clock, a laptop wakes up or two machines
disagree: after a jump of an hour, every live story looks abandoned. So what looks abandoned is
looked at a second time, some time later by a clock that does not jump: it is dead if its heartbeat
is still the same. What this very process writes is alive, also while no heartbeat can be stored.
"""

import logging
import secrets
import time
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.db import DatabaseError

from prose import said
from stories.models import Generation, Story
from stories.writing.finishing import Outcome, base_of, finish, report_of
from stories.writing.rewrite_request import rewrite_of
from stories.writing.textlog import get_text_log

logger = logging.getLogger(__name__)

# Seconds between the two looks; a live runner gives a sign every second.
CONFIRMED_AFTER = 3.0
# Seconds of silence before the first look: with the second one, six at least pass.
ABANDONED_AFTER = 3.0
# Time for another process, or the same one started again, to take over what waits.
UNADOPTED_AFTER = 20.0  # seconds
# Seconds after which a look is forgotten.
_FORGOTTEN_AFTER = 120.0
_NEVER_BEGUN = said(
    "The server was interrupted while this waited for its turn. Nothing was written or changed; "
    "please ask again."
)

# ---- Who is dead ----

# The runners of this process.
alive: set[str] = set()


class Sign(Protocol):
    """What a generation tells of its life."""

    @property
    def pk(self) -> int: ...
    @property
    def runner(self) -> str: ...
    @property
    def heartbeat_at(self) -> datetime: ...


class _Looks(NamedTuple):
    """The looks at one row since its heartbeat is the same; times are monotonic seconds."""

    runner: str
    heartbeat_at: datetime
    first: float
    last: float


# By the rows' numbers: no more than there are active rows.
_looks: dict[int, _Looks] = {}


def is_still(generation: Sign) -> bool:
    """Tell whether the generation's heartbeat is the one that this process saw a while ago."""
    if generation.runner in alive:
        return False
    now = first = time.monotonic()
    # Views and sockets look in threads of their own.
    for number, looks in list(_looks.items()):
        if now - looks.last > _FORGOTTEN_AFTER:
            _looks.pop(number, None)
    known = _looks.get(generation.pk)
    sign = generation.runner, generation.heartbeat_at
    if known is not None and (known.runner, known.heartbeat_at) == sign:
        first = known.first
    _looks[generation.pk] = _Looks(*sign, first, now)
    return now - first >= CONFIRMED_AFTER


# ---- Closing what they left ----


def recover_abandoned(story: Story | None = None) -> int:
    """End the abandoned generations, of `story` or of all; return how many.

    Their text is the checkpoint, or the log where that got further and outlived the process.
    """
    all_of_them = Generation.objects.all() if story is None else story.generations.all()
    unadopted = all_of_them.abandoned(UNADOPTED_AFTER).unstarted()
    still = [generation.pk for generation in unadopted if is_still(generation)]
    # Once more by its silence: another process may have taken one over meanwhile.
    withdrawn = unadopted.filter(pk__in=still).withdraw(
        Generation.Status.INTERRUPTED, error_code="interrupted", error_message=_NEVER_BEGUN
    )
    begun = all_of_them.abandoned(ABANDONED_AFTER).exclude(started_at=None)
    found = begun.select_related("settings", "story")
    return withdrawn + sum(_close_safely(generation) for generation in found)


def _close_safely(generation: Generation) -> bool:
    try:
        return _close(generation)
    except Exception:
        # One row that can't be closed must not keep the others, or a page, from being served.
        logger.exception("Generation %s can't be recovered", generation.pk)
        return False


def _close(generation: Generation) -> bool:
    if not is_still(generation) or not _take_over(generation):
        return False
    outcome = Outcome(
        Generation.Status.INTERRUPTED,
        max(generation.text, get_text_log().text(generation.pk), key=len),
        error_code="interrupted",
        error_message=said("The writing was interrupted. What was written is kept."),
    )
    try:
        outcome.facts = _facts(generation, outcome.text)
        outcome.report = _report(generation, outcome.text)
    except DatabaseError:
        raise
    except Exception:
        # Whatever can't be made of the text, it ended the process before, perhaps: the row is
        # closed all the same, with the text and nothing made of it.
        logger.exception("Generation %s is closed without a report", generation.pk)
        outcome.facts, outcome.report = {}, {}
    return finish(generation, outcome)


def _report(generation: Generation, text: str) -> dict[str, Any]:
    if generation.kind == Generation.Kind.REWRITE:
        return {}
    return report_of(generation, base_of(generation), text)


def _facts(generation: Generation, text: str) -> dict[str, Any]:
    """Return what the dead process would have stored beside `text`, so far as the row tells."""
    if generation.kind != Generation.Kind.REWRITE:
        return {}
    rewrite = rewrite_of(generation)
    return {
        "prompt": rewrite.full_prompt(),
        "replacement": rewrite.replacement(rewrite.kept_of(text), cut_short=True),
    }


def _take_over(generation: Generation) -> bool:
    """Become the row's runner, unless its process gave a sign since the row was read."""
    runner = secrets.token_hex(8)
    taken = (
        Generation.objects.active()
        .filter(pk=generation.pk, runner=generation.runner, heartbeat_at=generation.heartbeat_at)
        .update(runner=runner)
    )
    generation.runner = runner
    return bool(taken)
