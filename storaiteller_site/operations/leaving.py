"""The end of a web process at a deploy, told by ASGI's lifespan: what it writes comes to its end.

`DRAIN_SECONDS` says how long that may take. What waits for its turn is another process's from then
on, as if this one had died; what is being written is followed and stopped from there.
"""

import asyncio
import logging
import time
from typing import Any

from django.conf import settings

from stories.writing import recovery, turns

logger = logging.getLogger(__name__)
_LOOK = 0.1  # seconds between two looks


def with_lifespan(application: Any) -> Any:
    """Return the ASGI `application` so that it answers to the events of a server's lifespan."""

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] != "lifespan":
            return await application(scope, receive, send)
        while True:
            event = (await receive())["type"]
            if event == "lifespan.shutdown":
                await write_to_the_end(settings.DRAIN_SECONDS)
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return None

    return answer


async def write_to_the_end(seconds: float) -> None:
    """Begin nothing more, and return when nothing is written any more, or after `seconds`."""
    turns.leave()
    end = time.monotonic() + seconds
    while recovery.alive and time.monotonic() < end:  # noqa: ASYNC110 - threads change it too
        await asyncio.sleep(_LOOK)
    if recovery.alive and seconds:
        left = len(recovery.alive)
        logger.warning("%d stories are cut off, %g seconds after the request to end", left, seconds)
