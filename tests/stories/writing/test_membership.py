"""A socket's place in its story's group: renewed, and given up with the socket."""

import asyncio

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer
from pytest_django import Settings

from stories.live.consumer import StoryConsumer
from stories.models import Story
from stories.writing import membership
from tests.conftest import ScriptedServer
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_layer_that_forgot_is_joined_again(
    model_server: ScriptedServer, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "RENEW", 0.05)
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
    assert membership.story_group(story.pk) not in layer.groups


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
    members = membership._members[asyncio.get_running_loop()]
    assert consumer.channel_name not in members.groups
