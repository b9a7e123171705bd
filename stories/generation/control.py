"""Stopping a generation from any process: one channel a process, on which the numbers arrive."""

import asyncio
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakKeyDictionary

from channels.layers import BaseChannelLayer, get_channel_layer

_GROUP = "generations.control"

Stop = Callable[[], None]


class _Listener:
    """The stoppable generations of one event loop, and the task that waits for the word."""

    def __init__(self) -> None:
        self.stops: dict[int, Stop] = {}
        self.task: asyncio.Task[None] | None = None
        self.starting = asyncio.Lock()

    async def start(self) -> None:
        async with self.starting:
            if self.task is None or self.task.done():
                layer = _layer()
                channel = await layer.new_channel()
                await layer.group_add(_GROUP, channel)
                self.task = asyncio.create_task(self.listen(layer, channel))

    async def listen(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            message: Any = await layer.receive(channel)
            stop = self.stops.get(message["generation"])
            if stop is not None:
                stop()


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


async def request_stop(generation: int) -> None:
    """Ask the process that writes `generation`, whichever it is, to stop."""
    await _layer().group_send(_GROUP, {"type": "stop", "generation": generation})


def _layer() -> BaseChannelLayer:
    return cast("BaseChannelLayer", get_channel_layer())
