"""Generations whose process died: closed truthfully, with all the text that is known.

One that was still waiting for its turn is taken over by another process (`waiting`), and closed
only when none is there. Called where somebody looks (a page, a socket that waits in vain) and by a
periodic task, so that no start-up order matters. It takes two looks, some seconds apart
(`heartbeats`).
"""

import logging
import secrets

from stories.models import Generation, Story
from stories.writing.finishing import Outcome, finish
from stories.writing.heartbeats import is_still
from stories.writing.textlog import get_text_log

logger = logging.getLogger(__name__)

# A live runner gives a sign every second. With the second look, six seconds at least pass.
ABANDONED_AFTER = 3.0  # seconds
# Time for another process, or the same one started again, to take over what waits.
UNADOPTED_AFTER = 20.0  # seconds
_NEVER_BEGUN = (
    "The server was interrupted while this waited for its turn. Nothing was written or changed; "
    "please ask again."
)


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
    text = max(generation.text, get_text_log().text(generation.pk), key=len)
    return finish(
        generation,
        Outcome(
            Generation.Status.INTERRUPTED,
            text,
            error_code="interrupted",
            error_message="The writing was interrupted. What was written is kept.",
        ),
    )


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
