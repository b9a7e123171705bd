"""Checkpoints of all generations that this process writes: one transaction for all, every second.

One by one, they would cost more than the writing itself when thirty people write at once.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db import DatabaseError, transaction
from django.utils import timezone

from stories.models import Generation

logger = logging.getLogger(__name__)

INTERVAL = 0.8  # seconds; at most one second of text may be lost


class _Kept(NamedTuple):
    runner: str
    read: Callable[[], str]
    lose: Callable[[], object]


class _Keeper:
    """The generations of one event loop, and the task that stores them while there are any."""

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while self.kept:
            await asyncio.sleep(INTERVAL)
            now = {number: (kept.runner, kept.read()) for number, kept in self.kept.items()}
            try:
                lost = await database_sync_to_async(_store)(now)
            except DatabaseError as error:
                logger.warning("No checkpoint: %s", error)
                continue
            for number in lost & self.kept.keys():
                self.kept.pop(number).lose()


_keepers: dict[asyncio.AbstractEventLoop, _Keeper] = {}


def keep(generation: Generation, read: Callable[[], str], lose: Callable[[], object]) -> None:
    """Store what `read()` gives, and the heartbeat, until `drop`.

    `lose()` is called when the row is no longer this runner's.
    """
    loop = asyncio.get_running_loop()
    keeper = _keepers.setdefault(loop, _Keeper())
    keeper.kept[generation.pk] = _Kept(generation.runner, read, lose)
    if keeper.task is None or keeper.task.done():
        keeper.task = loop.create_task(keeper.run())
        keeper.task.add_done_callback(lambda _: keeper.kept or _keepers.pop(loop, None))


def drop(generation: Generation) -> None:
    """Store no more of `generation`."""
    keeper = _keepers.get(asyncio.get_running_loop())
    if keeper is not None:
        keeper.kept.pop(generation.pk, None)


def _store(texts: dict[int, tuple[str, str]]) -> set[int]:
    """Store `texts` (number -> runner, text); return the numbers whose row is another's."""
    now = timezone.now()
    with transaction.atomic():
        return {
            number
            for number, (runner, text) in texts.items()
            if not Generation.objects.active()
            .filter(pk=number, runner=runner)
            .update(text=text, heartbeat_at=now)
        }
