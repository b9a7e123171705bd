"""Stopping a generation from any process: one channel a process, on which the numbers arrive."""

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

Stop = Callable[[], None]


class _Listener:
    """The stoppable generations of one event loop, and the tasks that wait for the word."""

    def __init__(self) -> None:
        self.stops: dict[int, Stop] = {}
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
                logger.warning("Stops are not heard for a moment: %s", error)
                await asyncio.sleep(_RETRY)
                continue
            stop = self.stops.get(message["generation"])
            if stop is not None:
                stop()

    async def stay(self, layer: BaseChannelLayer, channel: str) -> None:
        """Keep the membership of the group alive."""
        while True:
            await asyncio.sleep(_RENEW)
            try:
                await layer.group_add(_GROUP, channel)
            except Exception as error:
                logger.warning("The group of stops can't be joined: %s", error)


_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, _Listener] = WeakKeyDictionary()


async def obey(generation: int, stop: Stop) -> None:
    """Call `stop` when `generation` is to be stopped, until `ignore`."""
    loop = asyncio.get_running_loop()
    if (listener := _listeners.get(loop)) is None:
        listener = _listeners[loop] = _Listener()
    listener.stops[generation] = stop
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
    try:
        await _layer().group_send(_GROUP, {"type": "stop", "generation": generation})
    except Exception as error:  # whatever a lost connection raises
        logger.warning("The word to stop generation %s was not sent: %s", generation, error)


def _layer() -> BaseChannelLayer:
    return cast("BaseChannelLayer", get_channel_layer())
