"""Waiting for a turn: one task a process keeps its places in the queue and tells who looks at one.

It looks once a second, and at once when another process says that the queue has moved. While it
has anything to look after, it also takes over what waits in a process that died.
"""

import asyncio
import copy
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from stories.models import Generation
from stories.writing import heartbeats, hub, line, runner
from stories.writing.line import Place

logger = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds
# Between two looks, however much moves.
_PAUSE = 0.05  # seconds


class _Onlooker:
    """Somebody who wants to know one generation's places."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.told = asyncio.Event()

    def tell(self, place: Place | None) -> None:
        self.place = place
        self.told.set()


class _Lookout:
    """What one event loop has in the queue, and the task that looks after it while there is any."""

    def __init__(self) -> None:
        self.own: dict[int, Generation] = {}
        self.onlookers: dict[_Onlooker, int] = {}
        self.moved = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def keep(self, generation: Generation) -> None:
        """Look after `generation` until its turn."""
        self.own[generation.pk] = generation
        heartbeats.alive.add(generation.runner)

    def look(self) -> None:
        """Look at the queue at once, and from now on."""
        self.moved.set()
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        while self.own or self.onlookers:
            self.moved.clear()
            try:
                async with asyncio.timeout(INTERVAL):
                    await hub.hear_moves(self.moved.set)
            except Exception as error:  # whatever a lost connection raises
                logger.warning("Moves of the queue are not heard for a moment: %s", error)
            try:
                await self.advance()
            except Exception as error:  # whatever it is, the next look may go better
                logger.warning("The queue could not be looked at: %s", error)
            await asyncio.sleep(_PAUSE)
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL):
                    await self.moved.wait()

    async def advance(self) -> None:
        onlookers = dict(self.onlookers)
        own = {number: generation.runner for number, generation in self.own.items()}
        standing = await database_sync_to_async(line.advance)(own)
        for generation in standing.adopted:
            self.keep(generation)
        for number in standing.gone:
            heartbeats.alive.discard(self.own.pop(number).runner)
        await asyncio.gather(*(self.begin(self.own.pop(number)) for number in standing.turns))
        for onlooker, number in onlookers.items():
            onlooker.tell(standing.places.get(number))
        if standing.moved:
            await hub.hint_moved()

    async def begin(self, generation: Generation) -> None:
        generation.status = Generation.Status.RUNNING
        try:
            await runner.launch(generation)
        except Exception:
            # Recovery closes it.
            heartbeats.alive.discard(generation.runner)
            logger.exception("Generation %s could not begin", generation.pk)


_lookouts: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lookout] = WeakKeyDictionary()


def _lookout() -> _Lookout:
    return _lookouts.setdefault(asyncio.get_running_loop(), _Lookout())


async def launch_at_turn(generation: Generation) -> None:
    """Let the running loop write `generation`, just opened by this process, once it may run."""
    if generation.status == Generation.Status.RUNNING:
        await runner.launch(generation)
        return
    lookout = _lookout()
    # Whoever follows it reads theirs anew; this one stays as it was opened.
    lookout.keep(copy.copy(generation))
    lookout.look()


async def places(generation: int) -> AsyncIterator[Place]:
    """Yield the generation's place in the queue, then each other one that it gets, to its turn."""
    lookout, onlooker = _lookout(), _Onlooker()
    lookout.onlookers[onlooker] = generation
    lookout.look()
    known = None
    try:
        while True:
            await onlooker.told.wait()
            onlooker.told.clear()
            if onlooker.place is None:
                return
            if onlooker.place != known:
                known = onlooker.place
                yield known
    finally:
        del lookout.onlookers[onlooker]
