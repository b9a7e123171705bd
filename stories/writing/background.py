"""Work beside what an event loop is asked for: its state, one a loop, and its tasks.

Of ours it imports nothing but `tracing`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.utils import translation

import tracing

logger = logging.getLogger(__name__)

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One `T` for each event loop, made when the loop first asks for it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[asyncio.AbstractEventLoop, T] = {}

    def here(self) -> T:
        """Return the running loop's; what belonged to a closed loop is dropped."""
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            # Weak keys would drop nothing: what is made may hold tasks, and they hold their loop.
            for other in [known for known in list(self._made) if known.is_closed()]:
                self._made.pop(other, None)
            self._made[loop] = self._make()
        return self._made[loop]

    def all(self) -> list[T]:
        """Return those of all loops; needs no running one."""
        return list(self._made.values())


class OnDemand:
    """A task that ends when there is nothing to do, and begins again when there is."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Let the running loop do the work, if it isn't at it."""
        if self._task is None or self._task.done():
            # It is done for several at once: no part of the trace of whoever came first.
            with tracing.going_on(None):
                self._task = hold(self._work())


async def telling(work: Awaitable[T], patience: float, tell: Callable[[], object]) -> T:
    """Return what `work` comes to; `tell` once if it takes longer than `patience` seconds.

    It is not cut off: what waits for a database that is away, or for its only thread, may yet come.
    """
    timer = asyncio.get_running_loop().call_later(patience, tell)
    try:
        return await work
    finally:
        timer.cancel()


# Characters that are read within a few milliseconds, whatever they are. A thread takes as long for
# the lock that the loop holds: a hundred writers who began at once would wait for it.
_SHORT = 10_000
LONG = _SHORT + 1


async def reading(characters: int, function: Callable[[], T]) -> T:
    """Return what `function` makes of a text of so many characters; off the loop if it is long."""
    return function() if characters <= _SHORT else await asyncio.to_thread(function)


_turns: PerLoop[asyncio.Lock] = PerLoop(asyncio.Lock)


async def reading_in_turn(characters: int, function: Callable[[], T]) -> T:
    """Do what `reading` does; of short texts, one at a turn of the loop.

    Where two hundred stories end on one beat, the words of the others come in between.
    """
    if characters > _SHORT:
        return await reading(characters, function)
    async with _turns.here():
        found = function()
        await asyncio.sleep(0)
    return found


# Loops hold their tasks weakly; these must live until they end.
_held: PerLoop[set[asyncio.Task[Any]]] = PerLoop(set)


def hold(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Let the running loop do `work` to its end; an exception of it is logged.

    What it stores is in English, whoever's request it began in: `stories.telling` translates it.
    """
    context = copy_context()
    context.run(translation.activate, settings.LANGUAGE_CODE)
    task = asyncio.create_task(work, context=context)
    _held.here().add(task)
    task.add_done_callback(_let_go)
    return task


def _let_go(task: asyncio.Task[Any]) -> None:
    _held.here().discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("A task ended with an exception", exc_info=error)
