"""The dialects that model servers speak, and which one a server does: one module for each.

A dialect's functions are those of `modelserver.models`, and `sending`, which says
what is posted for a chat and how the answer is read.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from modelserver import ollama_api, openai_api
from modelserver.asking import Request, Sending
from modelserver.errors import ModelServerError, SilentError, UnreachableError
from modelserver.facts import Abilities, About, Installed, ModelFacts, Progress
from modelserver.server import Server

_FRESH = 300.0  # seconds that a server is taken for what it was found to be
_PATIENCE = 10.0  # seconds that it has to say what it is


class Dialect(Protocol):
    """What this app asks of a model server; the modules of dialects are of this kind."""

    async def abilities(self, server: Server, model: str, /) -> Abilities: ...
    async def is_loaded(self, server: Server, model: str, /) -> bool: ...
    async def about(self, server: Server, /) -> About: ...
    async def digest(self, server: Server, model: str, /) -> str: ...
    async def installed(self, server: Server, /) -> list[Installed]: ...
    async def model_facts(self, server: Server, model: str, /) -> ModelFacts: ...
    def pull(self, server: Server, model: str, /) -> AsyncIterator[Progress]: ...
    async def upload(self, server: Server, path: Path, /) -> str: ...
    async def create(self, server: Server, model: str, request: dict[str, Any], /) -> None: ...
    async def delete(self, server: Server, model: str, /) -> None: ...
    async def attach(self, server: Server, model: str, folder: Path, gguf: Path, /) -> None: ...
    async def sending(self, asked: Request, /) -> Sending: ...


DIALECTS: dict[str, Dialect] = {"ollama": ollama_api, "openai": openai_api}

_found: dict[Server, tuple[str, float]] = {}
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def dialect_of(server: Server) -> Dialect:
    """Return the dialect that `server` speaks: the one that is set, or as it was found to.

    Raises `ModelServerError` where nothing answers.
    """
    if server.api:
        return DIALECTS[server.api]
    if (name := _known(server)) is None:
        async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            name = _known(server) or await _find_out(server)
    return DIALECTS[name]


def _known(server: Server) -> str | None:
    name, at = _found.get(server, ("", 0.0))
    return name if name and time.monotonic() - at < _FRESH else None


async def _find_out(server: Server) -> str:
    """Ask; a server that says neither is taken for Ollama, whose errors then tell what it is."""
    for name, dialect in DIALECTS.items():
        try:
            async with asyncio.timeout(_PATIENCE):
                await dialect.about(server)
        except (UnreachableError, SilentError):
            raise
        except ModelServerError:
            continue
        except TimeoutError:
            break
        _found[server] = (name, time.monotonic())
        return name
    return next(iter(DIALECTS))
