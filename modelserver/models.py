"""The models of the server: what they are, downloading one, and registering one of ours."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from modelserver.dialects import dialect_of
from modelserver.errors import SilentError
from modelserver.facts import FRESH, Abilities, About, Installed, ModelFacts, Progress
from modelserver.sayings import said
from modelserver.server import Server

# Seconds that a person waits for a list of what is there.
_LIST_PATIENCE = 8.0


@dataclass(frozen=True, slots=True)
class _Asked:
    abilities: Abilities
    at: float


_known: dict[tuple[Server, str], _Asked] = {}
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def abilities(server: Server, model: str) -> Abilities:
    """Return what `model` can do, as of this last minute: it can be another one under its name.

    Raises `ModelServerError`.
    """
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


async def pull(server: Server, model: str) -> AsyncIterator[Progress]:
    """Let the server download `model`, and yield how far it is; ends when the model is there.

    Closing the iterator stops the download; a later one goes on where it was. Raises
    `ModelServerError`, of which `PullError` when the server can't get the model.
    """
    parts = (await dialect_of(server)).pull(server, model)
    async with aclosing(parts) as progress:  # type: ignore[type-var]
        async for part in progress:
            yield part


async def version(server: Server) -> str:
    """Return the server's version. Raises `ModelServerError`."""
    return (await about(server)).version


async def about(server: Server) -> About:
    """Return what the server says of itself. Raises `ModelServerError`."""
    return await (await dialect_of(server)).about(server)


async def digest(server: Server, model: str) -> str:
    """Return what changes when another model is served under the name of `model`.

    It is "" for a model that the server does not list. Raises `ModelServerError`.
    """
    return await (await dialect_of(server)).digest(server, model)


async def installed(server: Server) -> list[Installed]:
    """Return the models that the server itself can write with, by name.

    Left out are those that only measure texts, and those whose work is done elsewhere: what is
    written must not leave. Raises `ModelServerError`, soon also of a server that says nothing.
    """
    try:
        async with asyncio.timeout(_LIST_PATIENCE):
            return await (await dialect_of(server)).installed(server)
    except TimeoutError as error:
        raise SilentError(said("The model server does not answer.")) from error


async def is_loaded(server: Server, model: str) -> bool:
    """Tell whether `model` is in the server's memory. Raises `ModelServerError`."""
    return await (await dialect_of(server)).is_loaded(server, model)


async def model_facts(server: Server, model: str) -> ModelFacts:
    """Return the template and parameters of `model`. Raises `ModelServerError`."""
    return await (await dialect_of(server)).model_facts(server, model)


async def upload(server: Server, path: Path) -> str:
    """Upload a file as a blob, unless the server has it; returns its digest.

    Raises `ModelServerError`.
    """
    return await (await dialect_of(server)).upload(server, path)


async def create(server: Server, model: str, request: dict[str, Any]) -> None:
    """Make `model` as `request` (the fields of Ollama's API) says, in place of one of that name.

    Raises `AdaptersRefusedError` where the server takes none, and `ModelServerError`.
    """
    await (await dialect_of(server)).create(server, model, request)


async def delete(server: Server, model: str) -> None:
    """Remove `model` from the server; one that is not there is no error."""
    await (await dialect_of(server)).delete(server, model)


async def attach(server: Server, model: str, folder: Path, gguf: Path) -> None:
    """Serve an adapter as `model` beside its base, on a server whose models can't be made.

    `folder` holds it as safetensors, `gguf` as one file. Raises `NotPossibleError`, whose hint
    says what to do, and `ModelServerError`.
    """
    await (await dialect_of(server)).attach(server, model, folder, gguf)
