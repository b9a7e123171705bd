"""The group of all sockets on a story; they stay in it for as long as they are open.

Channel layers forget members after a day, and a flushed Redis forgets them at once. Imports nothing
of ours.
"""

import asyncio
import logging
from typing import Any, cast
from weakref import WeakKeyDictionary

from channels.layers import BaseChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

RENEW = 60.0  # seconds


class _Members:
    """The members of one event loop, and the task that renews them while there are any."""

    def __init__(self) -> None:
        self.groups: dict[str, str] = {}  # channel -> group
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while self.groups:
            await asyncio.sleep(RENEW)
            try:
                await self.renew()
            except Exception as error:  # whatever a lost connection raises
                logger.warning("The groups of stories can't be joined: %s", error)

    async def renew(self) -> None:
        for channel, group in list(self.groups.items()):
            if channel in self.groups:
                await _layer().group_add(group, channel)
            if channel not in self.groups:  # it left meanwhile
                await _layer().group_discard(group, channel)


_members: WeakKeyDictionary[asyncio.AbstractEventLoop, _Members] = WeakKeyDictionary()


def story_group(story: int) -> str:
    """Return the name of the group of all sockets on `story`."""
    return f"story.{story}"


async def tell(story: int, message: dict[str, Any]) -> None:
    """Tell all sockets on `story`, so far as they can be told: handlers are of the consumer."""
    try:
        await _layer().group_send(story_group(story), message)
    except Exception as error:  # whatever a lost connection raises
        logger.warning("The sockets of story %s could not be told: %s", story, error)


async def join(group: str, channel: str) -> None:
    """Make `channel` a member of `group` until it leaves or is forgotten."""
    await _layer().group_add(group, channel)
    members = _members.setdefault(asyncio.get_running_loop(), _Members())
    members.groups[channel] = group
    if members.task is None or members.task.done():
        members.task = asyncio.create_task(members.run())


def forget(channel: str) -> None:
    """Renew the membership of `channel` no more."""
    members = _members.get(asyncio.get_running_loop())
    if members is not None:
        members.groups.pop(channel, None)


async def leave(group: str, channel: str) -> None:
    """End the membership of `channel` at once."""
    forget(channel)
    await _layer().group_discard(group, channel)


def _layer() -> BaseChannelLayer:
    return cast("BaseChannelLayer", get_channel_layer())
