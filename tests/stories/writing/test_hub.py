"""Groups and their words: renewed, heard after the layer was away, given up with the socket."""

import asyncio
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer
from pytest_django import Settings

from stories.live.consumer import StoryConsumer
from stories.models import Story
from stories.writing import hub
from tests.conftest import ScriptedServer
from tests.support.sockets import StorySocket

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


# ---- A socket's place in its story's group ----


@pytest.mark.django_db(transaction=True)
async def test_a_layer_that_forgot_is_joined_again(
    model_server: ScriptedServer, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_RENEW", 0.05)
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    async with (
        StorySocket(story.owner, story.pk) as one,
        StorySocket(story.owner, story.pk) as other,
    ):
        layer.groups.clear()  # as after a day, or a flushed Redis
        await asyncio.sleep(0.3)
        await one.send(type="write")
        assert (await other.until_done()).text == (await one.until_done()).text
    assert hub.story_group(story.pk) not in layer.groups


@pytest.mark.django_db(transaction=True)
async def test_an_exception_lets_go_of_everything(
    model_server: ScriptedServer,
    story: Story,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When Redis goes away, channels ends the consumer without telling it."""
    settings.STORY_MODEL = "slow"
    consumers: list[StoryConsumer] = []
    receive = StoryConsumer.receive

    async def fail(self: StoryConsumer, text_data: str | None = None, **more: object) -> None:
        consumers.append(self)
        if text_data == "fail":
            raise ConnectionError("Redis is away")
        await receive(self, text_data)

    monkeypatch.setattr(StoryConsumer, "receive", fail)
    socket = StorySocket(story.owner, story.pk)
    assert await socket.connect()
    await socket.send(type="write")
    await socket.until_text(30)
    await socket.send_raw("fail")
    with pytest.raises(ConnectionError):
        await socket.until_done()
    consumer = consumers[0]
    assert consumer.following is not None
    await asyncio.wait([consumer.following])
    assert consumer.following.cancelled()
    members = hub._members.here()
    assert consumer.channel_name not in members.groups
