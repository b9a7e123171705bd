"""Hears of what is withdrawn or gone, whatever way, and has its text removed at once.

That is stories, and pairs that somebody had written for settings of their own.

The writers' side knows nothing of training: this listens to what the database is told. A run that
is under way looks by itself (`finetuning.driver`), and the hourly sweep makes up for a message that
was lost or a worker that is away.
"""

import logging
import threading
from typing import Any

from django.db import transaction

from finetuning import tasks
from finetuning.services import forgetting
from stories.models import Curation, Story

logger = logging.getLogger(__name__)

# What a story is saved with when it is withdrawn.
_FIELDS = frozenset({"good", "curation", "curated_version", "deleted_at"})


class _Waiting(threading.local):
    sweep = False


_waiting = _Waiting()


def on_saved(instance: Story, created: bool, update_fields: Any, **_: Any) -> None:
    """Hear of a story that was saved."""
    approved = instance.good and instance.curation == Curation.APPROVED
    still = approved and instance.deleted_at is None
    if not created and not still and (update_fields is None or _FIELDS & set(update_fields)):
        _sweep_after_commit()


def on_deleted(**_: Any) -> None:
    """Hear of a story or a pair that is gone for good, alone or with its account."""
    _sweep_after_commit()


def _sweep_after_commit() -> None:
    _waiting.sweep = True
    transaction.on_commit(_sweep)


def _sweep() -> None:
    """Let a worker clean, once for all stories of a transaction; without a queue, do it here."""
    if not _waiting.sweep:
        return
    _waiting.sweep = False
    try:
        tasks.forget_gone_stories.apply_async(retry=False)
    except (tasks.forget_gone_stories.OperationalError, OSError) as error:
        # Without its folder, there is no queue that a worker could have heard of.
        if not isinstance(error, FileNotFoundError):
            logger.warning("No worker could be told of withdrawn stories: %s", error)
        forgetting.forget_gone_stories()
