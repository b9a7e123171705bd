"""What is known of a model, asked once a minute at most: it can be another one under its name."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from modelserver import names
from modelserver.connection import api_client
from modelserver.server import Server
from modelserver.tokens import ChatTokens

FRESH = 60.0  # seconds that an answer counts
# Tokens that a model which thinks is let have for that, beside those of what is asked for: it may
# do so though it was told not to.
THOUGHTS = 4_096


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model can do, so far as the server says."""

    context_length: int | None = None  # tokens that it can read
    thinks: bool = False  # it reasons before it answers, unless it is told not to
    template: str = ""  # how a chat becomes its prompt, in Go's or Jinja's language
    tokens: ChatTokens = field(default_factory=ChatTokens, compare=False, repr=False)
    # Another one: another model, or template, or parameters, under the same name.
    fingerprint: str = ""


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
            known = _known[key] = _Asked(await _ask(server, model), time.monotonic())
    return known.abilities


async def is_loaded(server: Server, model: str) -> bool:
    """Tell whether `model` is in the server's memory. Raises `ModelServerError`."""
    async with api_client(server, model) as api:
        loaded = await api.ps()
    return any(names.same(model, each.model or "") for each in loaded.models)


async def _ask(server: Server, model: str) -> Abilities:
    async with api_client(server, model) as api:
        shown = await api.show(model)
    lengths = [
        value for key, value in (shown.modelinfo or {}).items() if key.endswith(".context_length")
    ]
    template = shown.template or ""
    described = f"{shown.modified_at}\0{template}\0{shown.parameters}\0{shown.modelinfo}"
    return Abilities(
        context_length=int(lengths[0]) if lengths else None,
        thinks="thinking" in (shown.capabilities or ()),
        template=template,
        tokens=ChatTokens(template),
        fingerprint=hashlib.sha256(described.encode(errors="replace")).hexdigest(),
    )
