"""Which of several model servers writes a story, and to which one it goes when that one dies."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import transaction

from modelserver import ModelServerError, Server
from modelserver.errors import (
    BrokenStreamError,
    ServerBusyError,
    ServerFaultError,
    SilentError,
    UnreachableError,
)
from stories.models import Generation
from stories.writing import line
from stories.writing.servers.health import Health, health_of, look, servers

# What another server may not meet.
_OF_THE_SERVER = (
    BrokenStreamError,
    ServerBusyError,
    ServerFaultError,
    SilentError,
    UnreachableError,
)
_WATCHED = 2.0  # seconds between two looks at a server that has not begun to write


async def write_somewhere(
    generation: Generation, write: Callable[[], Awaitable[None]], has_begun: Callable[[], bool]
) -> None:
    """Let `write` ask the server that `server_of` tells, another one if that one fails.

    After the first word, its failure is the story's. Raises `ModelServerError`.
    """
    if len(servers()) == 1:
        await write()
        return
    failed: dict[Server, ModelServerError] = {}
    while (server := await _choose(generation, failed)) is not None:
        try:
            await _watched(server, write, has_begun)
        except _OF_THE_SERVER as error:
            if has_begun():
                raise
            failed[server] = error
            await look(server)
        else:
            return
    if failed:
        raise next(iter(failed.values()))
    # None has the model, or answers: the first one that gets stories says why.
    generation.server = next((each.url for each in servers() if not each.is_drained), "")
    await write()


async def _watched(
    server: Server, write: Callable[[], Awaitable[None]], has_begun: Callable[[], bool]
) -> None:
    """Wait for `write`, but not for a server that dies before its first word."""
    writing = asyncio.ensure_future(write())
    try:
        while not has_begun():
            done, _ = await asyncio.wait({writing}, timeout=_WATCHED)
            if done or has_begun():
                break
            if (trouble := (await look(server)).trouble) is not None and not has_begun():
                raise trouble
        await writing
    finally:
        if not writing.done():
            writing.cancel()
            with suppress(asyncio.CancelledError, ModelServerError):
                await writing


async def _choose(generation: Generation, failed: Collection[Server]) -> Server | None:
    """Return the best server that has not failed, and keep it with the generation."""
    there = await health_of([each for each in servers() if each not in failed])
    able = [each for each in there if each.has(generation.model) and not each.server.is_drained]
    if not able:
        return None
    server = await database_sync_to_async(_claim)(generation, able)
    generation.server = server.url
    return server


def _claim(generation: Generation, able: list[Health]) -> Server:
    """Take a slot: nobody else counts what is written where meanwhile."""
    with transaction.atomic():
        line.hold()
        running = Generation.objects.filter(status=Generation.Status.RUNNING)
        others = running.exclude(pk=generation.pk).order_by()
        written = Counter(others.values_list("server", flat=True))
        last = Generation.objects.filter(story=generation.story_id).exclude(server="")
        before = last.exclude(pk=generation.pk).order_by("-pk").values_list("server", flat=True)
        server = _best(able, generation.model, written, before.first() or "")
        Generation.objects.filter(pk=generation.pk).update(server=server.url)
    return server


def _best(able: list[Health], model: str, written: Counter[str], before: str) -> Server:
    """Return the server that is free; of those the story's last one, then one with the model."""

    def worth(each: Health) -> tuple[bool, bool, bool, float]:
        slots = each.server.slots or settings.SERVER_SLOTS
        taken = written[each.server.url]
        at_home = each.server.url == before
        return (taken < slots, at_home, each.has_loaded(model), -taken / slots)

    return max(able, key=worth).server
