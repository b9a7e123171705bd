"""The word to stop arrives, also after a day, and after the layer was away."""

import asyncio
from typing import Any

import pytest
from channels.layers import get_channel_layer

from stories.writing import hub

SOON = 5.0  # seconds


@pytest.fixture
def layer() -> Any:
    """The channel layer of the tests, in memory."""
    return get_channel_layer()


async def stopped(generation: int) -> bool:
    """Ask for a stop; tell whether it arrives soon."""
    heard = asyncio.Event()
    await hub.obey(generation, heard.set)
    await hub.hint_stop(generation)
    try:
        async with asyncio.timeout(SOON):
            await heard.wait()
    except TimeoutError:
        return False
    finally:
        hub.ignore(generation)
    return True


async def test_a_membership_is_renewed(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_RENEW", 0.2)
    monkeypatch.setattr(layer, "group_expiry", 1)
    assert await stopped(1)
    await asyncio.sleep(1.5)
    assert await stopped(2)


async def test_a_lost_connection_is_outlived(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_RETRY", 0.05)
    receive, failures = layer.receive, iter(range(2))

    async def shaky(channel: str) -> Any:
        if next(failures, None) is not None:
            raise ConnectionError("the layer is away")
        return await receive(channel)

    monkeypatch.setattr(layer, "receive", shaky)
    assert await stopped(3)
