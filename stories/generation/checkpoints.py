"""Checkpoints of all generations that this process writes: one transaction for all, every second.

One by one, they would cost more than the writing itself when thirty people write at once.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db import transaction
from django.utils import timezone

from stories.models import Generation

logger = logging.getLogger(__name__)

INTERVAL = 0.8  # seconds; at most one second of text may be lost


class _Kept(NamedTuple):
    runner: str
    read: Callable[[], str]
    end: Callable[[], object]


class _Keeper:
    """The generations of one event loop, and the task that stores them while there are any."""

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while self.kept:
            await asyncio.sleep(INTERVAL)
            now = {number: (kept.runner, kept.read()) for number, kept in self.kept.items()}
            for number in await database_sync_to_async(_store)(now) & self.kept.keys():
                self.kept.pop(number).end()


_keepers: dict[asyncio.AbstractEventLoop, _Keeper] = {}


def keep(generation: Generation, read: Callable[[], str], end: Callable[[], object]) -> None:
    """Store what `read()` gives, and the heartbeat, until `drop`.

    `end()` is called when a stop was requested, or the row is no longer this runner's.
    """
    loop = asyncio.get_running_loop()
    keeper = _keepers.setdefault(loop, _Keeper())
    keeper.kept[generation.pk] = _Kept(generation.runner, read, end)
    if keeper.task is None or keeper.task.done():
        keeper.task = loop.create_task(keeper.run())
        keeper.task.add_done_callback(lambda _: keeper.kept or _keepers.pop(loop, None))


def drop(generation: Generation) -> None:
    """Store no more of `generation`."""
    keeper = _keepers.get(asyncio.get_running_loop())
    if keeper is not None:
        keeper.kept.pop(generation.pk, None)


_Texts = dict[int, tuple[str, str]]  # number -> runner, text


def _store(texts: _Texts) -> set[int]:
    """Store `texts`; return the numbers whose writing has to end: stopped, or another's row."""
    try:
        with transaction.atomic():
            return _store_all(texts)
    except Exception as error:
        # Whatever it is: one text that can't be stored must not cost the others theirs.
        logger.warning("No checkpoint of %d generations: %s", len(texts), error)
        if len(texts) == 1:
            return set()
        return set().union(*(_store({number: kept}) for number, kept in texts.items()))


def _store_all(texts: _Texts) -> set[int]:
    now = timezone.now()
    stopped = Generation.objects.filter(pk__in=texts, stop_requested=True)
    return {*stopped.values_list("pk", flat=True)} | {
        number
        for number, (runner, text) in texts.items()
        if not Generation.objects.active()
        .filter(pk=number, runner=runner)
        .update(text=text, heartbeat_at=now)
    }
