"""Waiting for a turn: one task a process keeps its places in the queue and tells who looks at one.

It looks once a second, and at once when another process says that the queue has moved. While it
has anything to look after, it also takes over what waits in a process that died.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import NamedTuple

from channels.db import database_sync_to_async

import tracing
from modelserver.server import REQUEST_ID
from stories.models import Generation
from stories.writing import hub, line, recovery, runner
from stories.writing.assignments import Assignment, assignment_of
from stories.writing.background import OnDemand, PerLoop
from stories.writing.figures import spans
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


class _Waiting(NamedTuple):
    """A generation before its turn; who took it over makes the assignment when it comes."""

    generation: Generation
    assignment: Assignment | None
    request_id: str
    trace: tracing.Carrier
    waiting: tracing.Span


class _Lookout:
    """What one event loop has in the queue, and the task that looks after it while there is any."""

    def __init__(self) -> None:
        self.own: dict[int, _Waiting] = {}
        self.onlookers: dict[_Onlooker, int] = {}
        self.moved = asyncio.Event()
        self.leaving = False
        self.looking = OnDemand(self.run)

    def keep(self, generation: Generation, assignment: Assignment | None = None) -> None:
        """Look after `generation` until its turn."""
        about = spans.of_generation(generation)
        self.own[generation.pk] = _Waiting(
            generation,
            assignment,
            REQUEST_ID.get(),
            tracing.carrier(),
            tracing.span("wait in line", attributes=about),
        )
        recovery.alive.add(generation.runner)

    def look(self) -> None:
        """Look at the queue at once, and from now on."""
        self.moved.set()
        self.looking.start()

    async def run(self) -> None:
        while (self.own or self.onlookers) and not self.leaving:
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
        # Silent from now on: another process takes over what waits.
        while self.own:
            self.let_go(self.own.popitem()[1])

    async def advance(self) -> None:
        onlookers = dict(self.onlookers)
        own = {number: waiting.generation.runner for number, waiting in self.own.items()}
        standing = await database_sync_to_async(line.advance)(own)
        for generation in standing.adopted:
            self.keep(generation)
        for number in standing.gone:
            self.let_go(self.own.pop(number))
        await asyncio.gather(*(self.begin(self.own.pop(number)) for number in standing.turns))
        for onlooker, number in onlookers.items():
            onlooker.tell(standing.places.get(number))
        if standing.moved:
            await hub.hint_moved()

    def let_go(self, waiting: _Waiting) -> None:
        """It was stopped or removed before its turn, or is another process's."""
        waiting.waiting.event("left")
        waiting.waiting.end()
        recovery.alive.discard(waiting.generation.runner)

    async def begin(self, waiting: _Waiting) -> None:
        waiting.waiting.end()
        # A task of its own; the lookout's is whoever's came first.
        REQUEST_ID.set(waiting.request_id)
        generation, assignment = waiting.generation, waiting.assignment
        try:
            with tracing.going_on(waiting.trace):
                if assignment is None:
                    assignment = await database_sync_to_async(assignment_of)(generation)
                await runner.launch(assignment)
        except Exception:
            # Recovery closes it.
            recovery.alive.discard(generation.runner)
            logger.exception("Generation %s could not begin", generation.pk)


_lookouts = PerLoop(_Lookout)


async def launch_at_turn(assignment: Assignment) -> None:
    """Let the running loop write `assignment`, just opened by this process, once it may."""
    generation = assignment.generation
    if generation.status == Generation.Status.RUNNING:
        await runner.launch(assignment)
        return
    lookout = _lookouts.here()
    lookout.keep(generation, assignment)
    lookout.look()


def leave() -> None:
    """Let the running loop have no more turns: this process is about to end."""
    lookout = _lookouts.here()
    lookout.leaving = True
    lookout.look()


async def places(generation: int) -> AsyncIterator[Place]:
    """Yield the generation's place in the queue, then each other one that it gets, to its turn."""
    lookout, onlooker = _lookouts.here(), _Onlooker()
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
