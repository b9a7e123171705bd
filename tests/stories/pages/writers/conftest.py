"""The model server, asked by views that a test's client runs in an event loop each."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import modelserver
from modelserver import Server


def _closing(ask: Callable[[Server], Awaitable[Any]]) -> Callable[[Server], Awaitable[Any]]:
    async def asked(server: Server) -> Any:
        try:
            return await ask(server)
        finally:
            await modelserver.close()

    return asked


@pytest.fixture(autouse=True)
def _connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the connections of each of these loops, as a server does at its end."""
    for name in ("about", "installed"):
        monkeypatch.setattr(modelserver, name, _closing(getattr(modelserver, name)))
