"""Every way of asking the model server, by name."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import modelserver
from modelserver import Server

Call = Callable[[Server, Path], Awaitable[Any]]


async def chat(server: Server, _: Path) -> str:
    """Return a whole answer."""
    messages = [{"role": "user", "content": "Write."}]
    return "".join([chunk.text async for chunk in modelserver.chat(server, "steady", messages, {})])


async def pull(server: Server, _: Path) -> list[modelserver.Progress]:
    """Return the whole progress."""
    return [part async for part in modelserver.pull(server, "steady")]


CALLS: dict[str, Call] = {
    "abilities": lambda server, _: modelserver.abilities(server, "steady"),
    "about": lambda server, _: modelserver.about(server),
    "chat": chat,
    "create": lambda server, _: modelserver.create(server, "tuned", {"from": "steady"}),
    "digest": lambda server, _: modelserver.digest(server, "steady"),
    "installed": lambda server, _: modelserver.installed(server),
    "delete": lambda server, _: modelserver.delete(server, "steady"),
    "model_facts": lambda server, _: modelserver.model_facts(server, "steady"),
    "pull": pull,
    "upload": modelserver.upload,
    "version": lambda server, _: modelserver.version(server),
}
