"""What concerns the generations of all processes: one channel a process, on which it is heard.

A number that arrives is to be stopped; whatever arrives, the queue may have moved.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakKeyDictionary

from channels.layers import BaseChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

_GROUP = "generations.control"
# Layers forget members after a day, and a flushed Redis at once.
_RENEW = 60.0  # seconds
_RETRY = 1.0  # seconds
# Seconds that a word may take; Redis may hang, and nobody depends on it.
_PATIENCE = 2.0

Stop = Callable[[], None]


def _nothing() -> None:
    """Nobody waits in a queue here."""


class _Listener:
    """The stoppable generations of one event loop, and the tasks that wait for the word."""

    def __init__(self) -> None:
        self.stops: dict[int, Stop] = {}
        self.moved: Callable[[], None] = _nothing
        self.tasks: list[asyncio.Task[None]] = []
        self.starting = asyncio.Lock()

    async def start(self) -> None:
        async with self.starting:
            if not self.tasks:
                layer = _layer()
                channel = await layer.new_channel()
                await layer.group_add(_GROUP, channel)
                self.tasks = [
                    asyncio.create_task(self.listen(layer, channel)),
                    asyncio.create_task(self.stay(layer, channel)),
                ]

    async def listen(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            try:
                message: Any = await layer.receive(channel)
            except Exception as error:  # whatever a lost connection raises
                logger.warning("Other processes are not heard for a moment: %s", error)
                await asyncio.sleep(_RETRY)
                continue
            stop = self.stops.get(message["generation"])
            if stop is not None:
                stop()
            self.moved()

    async def stay(self, layer: BaseChannelLayer, channel: str) -> None:
        """Keep the membership of the group alive."""
        while True:
            await asyncio.sleep(_RENEW)
            try:
                await layer.group_add(_GROUP, channel)
            except Exception as error:
                logger.warning("The group of all processes can't be joined: %s", error)


_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, _Listener] = WeakKeyDictionary()


def _listener() -> _Listener:
    loop = asyncio.get_running_loop()
    if (listener := _listeners.get(loop)) is None:
        listener = _listeners[loop] = _Listener()
    return listener


async def obey(generation: int, stop: Stop) -> None:
    """Call `stop` when `generation` is to be stopped, until `ignore`."""
    listener = _listener()
    listener.stops[generation] = stop
    await listener.start()


async def hear_moves(moved: Callable[[], None]) -> None:
    """Call `moved` whenever the queue may have moved, from now on."""
    listener = _listener()
    listener.moved = moved
    await listener.start()


def ignore(generation: int) -> None:
    """`generation` has ended."""
    listener = _listeners.get(asyncio.get_running_loop())
    if listener is not None:
        listener.stops.pop(generation, None)


async def hint_stop(generation: int) -> None:
    """Tell the process that writes `generation`, whichever it is, to stop at once.

    The row is marked already: without this word, the next checkpoint sees it.
    """
    await _send({"type": "stop", "generation": generation})


async def hint_moved() -> None:
    """Tell all processes that the queue has moved; without this word, they look every second."""
    await _send({"type": "moved", "generation": None})


async def _send(message: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await _layer().group_send(_GROUP, message)
    except Exception as error:  # whatever a lost connection raises
        logger.warning("The word to the other processes was not sent: %s", error)


def _layer() -> BaseChannelLayer:
    return cast("BaseChannelLayer", get_channel_layer())
