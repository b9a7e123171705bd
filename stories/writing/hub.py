"""What sockets and processes tell each other, over the channel layer.

Every socket is a member of its story's group, and every process that writes or waits of one for
all of them. On the latter a number is a generation to be stopped; whatever arrives, the queue may
have moved. All of it only makes things quicker: the database knows.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer

import tracing
from stories.writing.background import OnDemand, PerLoop, hold

logger = logging.getLogger(__name__)

_PROCESSES = "generations.control"
_TRACE = "trace"
# Layers forget members after a day, and a flushed Redis forgets them at once.
_RENEW = 60.0  # seconds
_RETRY = 1.0  # seconds
# Seconds that a word may take; Redis may hang, and nobody depends on it.
_PATIENCE = 2.0

Stop = Callable[[], None]


# ---- Groups ----


class _Members:
    """The members of groups in one event loop, and the task that renews them."""

    def __init__(self) -> None:
        self.groups: dict[str, str] = {}  # channel -> group
        self.renewing = OnDemand(self.run)

    async def run(self) -> None:
        while self.groups:
            await asyncio.sleep(_RENEW)
            try:
                await self.renew()
            except Exception as error:  # whatever a lost connection raises
                logger.warning("The groups can't be joined: %s", error)

    async def renew(self) -> None:
        for channel, group in list(self.groups.items()):
            if channel in self.groups:
                await _layer().group_add(group, channel)
            if channel not in self.groups:  # it left meanwhile
                await _layer().group_discard(group, channel)


_members = PerLoop(_Members)


async def join(group: str, channel: str) -> None:
    """Make `channel` a member of `group` until it leaves or is forgotten."""
    await _layer().group_add(group, channel)
    members = _members.here()
    members.groups[channel] = group
    members.renewing.start()


def forget(channel: str) -> None:
    """Renew the membership of `channel` no more."""
    _members.here().groups.pop(channel, None)


async def leave(group: str, channel: str) -> None:
    """End the membership of `channel` at once."""
    forget(channel)
    await _layer().group_discard(group, channel)


# ---- The sockets on a story ----


def story_group(story: int) -> str:
    """Return the name of the group of all sockets on `story`."""
    return f"story.{story}"


async def tell(story: int, message: dict[str, Any]) -> None:
    """Tell all sockets on `story`, so far as they can be told: handlers are of the consumer."""
    try:
        await _layer().group_send(story_group(story), message)
    except Exception as error:  # whatever a lost connection raises
        logger.warning("The sockets of story %s could not be told: %s", story, error)


def tell_soon(story: int, message: dict[str, Any]) -> None:
    """Let `tell` begin, and don't wait for it: for Django's threads, where no loop runs."""

    async def begin() -> None:
        hold(tell(story, message))

    async_to_sync(begin)()


# ---- The processes ----


def _nothing() -> None:
    """Nobody waits in a queue here."""


class _Listener:
    """The stoppable generations of one event loop, and the task that waits for the word."""

    def __init__(self) -> None:
        self.stops: dict[int, Stop] = {}
        self.moved: Callable[[], None] = _nothing
        self.channel = ""
        self.starting = asyncio.Lock()

    async def start(self) -> None:
        async with self.starting:
            if not self.channel:
                layer = _layer()
                channel = await layer.new_channel()
                await join(_PROCESSES, channel)
                self.channel = channel
                with tracing.going_on(None):  # it outlives the trace of whoever came first
                    hold(self.listen(layer))

    async def listen(self, layer: BaseChannelLayer) -> None:
        while True:
            try:
                message: Any = await layer.receive(self.channel)
            except Exception as error:  # whatever a lost connection raises
                logger.warning("Other processes are not heard for a moment: %s", error)
                await asyncio.sleep(_RETRY)
                continue
            stop = self.stops.get(message["generation"])
            if stop is not None:
                with tracing.going_on(trace_of(message)):
                    stop()
            self.moved()


_listeners = PerLoop(_Listener)


async def obey(generation: int, stop: Stop) -> None:
    """Call `stop` when `generation` is to be stopped, until `ignore`."""
    listener = _listeners.here()
    listener.stops[generation] = stop
    await listener.start()


async def hear_moves(moved: Callable[[], None]) -> None:
    """Call `moved` whenever the queue may have moved, from now on."""
    listener = _listeners.here()
    listener.moved = moved
    await listener.start()


def ignore(generation: int) -> None:
    """`generation` has ended."""
    _listeners.here().stops.pop(generation, None)


async def hint_stop(generation: int) -> None:
    """Tell the process that writes `generation`, whichever it is, to stop at once.

    The row is marked already: without this word, the next checkpoint sees it.
    """
    await _send({"type": "stop", "generation": generation})


def traced(message: dict[str, Any]) -> dict[str, Any]:
    """Return `message` with where in a trace it was sent, if that is anywhere."""
    return {**message, _TRACE: here} if (here := tracing.carrier()) else message


def trace_of(message: dict[str, Any]) -> tracing.Carrier | None:
    """Return where in a trace `message` was sent."""
    return message.get(_TRACE)


async def hint_moved() -> None:
    """Tell all processes that the queue has moved; without this word, they look every second."""
    await _send({"type": "moved", "generation": None})


async def _send(message: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await _layer().group_send(_PROCESSES, traced(message))
    except Exception as error:  # whatever a lost connection raises
        logger.warning("The word to the other processes was not sent: %s", error)


def _layer() -> BaseChannelLayer:
    return cast("BaseChannelLayer", get_channel_layer())
