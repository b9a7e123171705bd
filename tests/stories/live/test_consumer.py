"""The socket: who may connect, and what bad input does (nothing)."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer
from django.contrib.auth.models import AnonymousUser

from stories.history import library
from stories.models import Generation, Story, User
from stories.writing.opening import open_generation
from stories.writing.recovery import recover_abandoned
from tests.conftest import ScriptedServer, story_settings
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_only_the_owner_connects(story: Story, charlie: User) -> None:
    assert not await StorySocket(charlie, story.pk).connect()
    assert not await StorySocket(AnonymousUser(), story.pk).connect()
    assert not await StorySocket(story.owner, story.pk + 1000).connect()
    assert not await StorySocket(story.owner, 10**30).connect()
    async with StorySocket(story.owner, story.pk) as socket:
        assert await socket.silent()


@pytest.mark.parametrize(
    "text", ["{", '{"type":"ack","offset":NaN}', '{"type":"\\ud800"}', "x" * 100_000, "\x00"]
)
async def test_a_bad_frame_is_answered_and_the_socket_lives(
    model_server: ScriptedServer, story: Story, text: str
) -> None:
    asked = len(model_server.chats("steady"))
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send_raw(text)
        assert (await socket.receive())["code"] == "bad_frame"
        await socket.send_raw(data=b"\xff\xfe")
        assert (await socket.receive())["code"] == "bad_frame"
        await socket.send(type="stop")
        assert await socket.silent()
        await socket.send(type="ack", offset=5)
        assert await socket.silent()
    assert len(model_server.chats("steady")) == asked


async def test_a_socket_lives_on_when_other_tabs_can_not_be_told(
    model_server: ScriptedServer, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def refuse(self: InMemoryChannelLayer, group: str, message: dict[str, Any]) -> None:
        told.append(message["type"])
        raise ConnectionError("Too many connections")

    async with StorySocket(story.owner, story.pk) as socket:
        with monkeypatch.context() as patched:
            patched.setattr(InMemoryChannelLayer, "group_send", refuse)
            await socket.send(type="write")
            followed = await socket.until_done()
        assert "generation.started" in told
        assert followed.text
        await socket.send(type="ack", offset="x")
        assert (await socket.receive())["code"] == "bad_frame"


async def test_a_database_that_hangs_holds_up_no_sign_of_the_client(
    model_server: ScriptedServer, story: Story
) -> None:
    """What needs no database is done at once, whatever its only thread is at."""
    hung = threading.Event()
    async with StorySocket(story.owner, story.pk) as socket:
        hanging = asyncio.create_task(sync_to_async(hung.wait)(30))
        try:
            await asyncio.sleep(0.05)
            await socket.send_raw("{")
            assert (await socket.receive())["code"] == "bad_frame"
            assert not hanging.done()
        finally:
            hung.set()
        await hanging


async def test_another_storys_generation_can_not_be_followed(
    model_server: ScriptedServer, story: Story, charlie: User
) -> None:
    theirs = await services_create(charlie)
    async with StorySocket(charlie, theirs.pk) as socket:
        await socket.send(type="write")
        generation = (await socket.until_done()).generation["id"]
    async with StorySocket(story.owner, story.pk) as socket:
        for number in (generation, 10**12, 0):
            await socket.send(type="attach", generation=number, offset=0)
            assert (await socket.receive())["code"] == "not_found"


async def test_a_story_deleted_meanwhile_takes_no_commands(
    model_server: ScriptedServer, story: Story
) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await Story.objects.filter(pk=story.pk).aupdate(deleted_at="2026-01-01T00:00Z")
        await socket.send(type="write")
        assert (await socket.receive())["code"] == "not_found"
    assert await Generation.objects.acount() == 0


async def services_create(user: User) -> Story:
    """Return a new story of `user`."""
    from asgiref.sync import sync_to_async

    return await sync_to_async(library.create_story)(user, story_settings())


async def test_without_a_log_the_checkpoints_are_followed_at_leisure(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation whose process was started again, or whose Redis was flushed."""
    looks = 0

    def count(seen: Story) -> int:
        nonlocal looks
        looks += 1
        return recover_abandoned(seen)

    monkeypatch.setattr("stories.live.following.recover_abandoned", count)
    opened = await sync_to_async(open_generation)(story.pk, story.owner, Generation.Kind.WRITE)
    row = Generation.objects.filter(pk=opened.pk)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="attach", generation=opened.pk, offset=0)
        await row.aupdate(text="Once upon")
        assert (await socket.until_text(9)).text == "Once upon"
        await asyncio.sleep(2)
        await row.aupdate(text="Once upon a time", status=Generation.Status.DONE)
        frames = [await socket.receive(), await socket.receive()]
    assert (frames[0]["offset"], frames[0]["text"]) == (9, " a time")
    assert frames[1]["type"] == "done"
    assert looks < 20
