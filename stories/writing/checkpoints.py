"""Checkpoints of all generations that this process writes: one transaction for all, every second.

One by one, they would cost more than the writing itself when thirty people write at once.
"""

import asyncio
import atexit
import logging
import time
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from stories.models import Generation
from stories.writing.background import OnDemand, PerLoop, telling

logger = logging.getLogger(__name__)

INTERVAL = 0.8  # seconds; at most one second of text may be lost
# Seconds without a checkpoint after which the person is told, whether the database has said that it
# can't or still lets wait for an answer.
TOLD_AFTER = 4.0


class _Kept(NamedTuple):
    runner: str
    read: Callable[[], str]
    end: Callable[[], object]
    trouble: Callable[[], object]


class _Keeper:
    """The generations of one event loop, and the task that stores them while there are any."""

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.storing = OnDemand(self.run)
        self.unstored_since: dict[int, float] = {}

    async def run(self) -> None:
        while self.kept:
            await asyncio.sleep(INTERVAL)
            begun, texts = time.monotonic(), self.now()
            stored = await telling(
                database_sync_to_async(_store)(texts),
                TOLD_AFTER,
                partial(self.tell, set(texts), begun),
            )
            for number in stored.ended & self.kept.keys():
                self.kept.pop(number).end()
            self.tell(stored.failed, begun)

    def now(self) -> "_Texts":
        return {number: (kept.runner, kept.read()) for number, kept in self.kept.items()}

    def tell(self, failed: set[int], begun: float) -> None:
        """Tell once of each of `failed` that has had no checkpoint for long."""
        since = self.unstored_since
        self.unstored_since = {number: since.get(number, begun) for number in failed}
        for number, first in self.unstored_since.items():
            if time.monotonic() - first >= TOLD_AFTER and number in self.kept:
                self.unstored_since[number] = float("inf")
                self.kept[number].trouble()


_keepers = PerLoop(_Keeper)


def keep(
    generation: Generation,
    read: Callable[[], str],
    end: Callable[[], object],
    trouble: Callable[[], object],
) -> None:
    """Store what `read()` gives, and the heartbeat, until `drop`.

    `end()` is called when a stop was requested, or the row is no longer this runner's, `trouble()`
    when nothing could be stored for a while.
    """
    keeper = _keepers.here()
    keeper.kept[generation.pk] = _Kept(generation.runner, read, end, trouble)
    keeper.storing.start()


@atexit.register
def _store_the_rest() -> None:
    """A process that ends in order, as at a deploy, loses not even the last second."""
    for keeper in _keepers.all():
        if texts := keeper.now():
            _store(texts)


def drop(generation: Generation) -> None:
    """Store no more of `generation`."""
    _keepers.here().kept.pop(generation.pk, None)


_Texts = dict[int, tuple[str, str]]  # number -> runner, text


class _Stored(NamedTuple):
    """What became of texts: whose writing has to end (stopped, another's row), what failed."""

    ended: set[int]
    failed: set[int]


def _store(texts: _Texts) -> _Stored:
    try:
        with transaction.atomic():
            return _Stored(_store_all(texts), set())
    except OperationalError as error:
        # The database itself: one by one, they would only take longer to fail.
        logger.warning("No checkpoint of %d generations: %s", len(texts), error)
        return _Stored(set(), set(texts))
    except Exception as error:
        # Whatever it is: one text that can't be stored must not cost the others theirs.
        logger.warning("No checkpoint of %d generations: %s", len(texts), error)
        if len(texts) == 1:
            return _Stored(set(), set(texts))
        each = [_store({number: kept}) for number, kept in texts.items()]
        ended, failed = zip(*each, strict=True)
        return _Stored(set().union(*ended), set().union(*failed))


def _store_all(texts: _Texts) -> set[int]:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        # Composed by Django for each row, it would take several times as long as storing it.
        cursor.executemany(
            _statement(), [(text, now, number, runner) for number, (runner, text) in texts.items()]
        )
    # Asked afterwards: what was stored is held now, and nobody takes it over in between.
    rows = Generation.objects.active().filter(pk__in=texts)
    stopped = {
        number: stop_requested
        for number, runner, stop_requested in rows.values_list("pk", "runner", "stop_requested")
        if runner == texts[number][0]
    }
    return {number for number in texts if stopped.get(number, True)}


@cache
def _statement() -> str:
    """Return the update of an active row by its runner: text, heartbeat, number, runner."""
    table, active = Generation._meta.db_table, ", ".join(f"'{each}'" for each in Generation.ACTIVE)
    return (
        f"UPDATE {table} SET text = %s, heartbeat_at = %s "  # noqa: S608 - names of ours
        f"WHERE id = %s AND runner = %s AND status IN ({active})"
    )
