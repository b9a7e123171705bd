"""What is known of a model, asked once a minute at most: it can be another one under its name."""

import asyncio
import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from modelserver.dialects import dialect_of
from modelserver.facts import FRESH, Abilities
from modelserver.server import Server


@dataclass(frozen=True, slots=True)
class _Asked:
    abilities: Abilities
    at: float


_known: dict[tuple[Server, str], _Asked] = {}
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def abilities(server: Server, model: str) -> Abilities:
    """Return what `model` can do, as of this last minute. Raises `ModelServerError`."""
    key = (server, model)
    if (known := _known.get(key)) and time.monotonic() - known.at < FRESH:
        return known.abilities
    # Thirty writers at once ask once.
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        known = _known.get(key)
        if known is None or time.monotonic() - known.at >= FRESH:
            found = await (await dialect_of(server)).abilities(server, model)
            known = _known[key] = _Asked(found, time.monotonic())
    return known.abilities
