"""A command's id goes with its writing to the model server, also through the line."""

import pytest
from channels.db import database_sync_to_async
from pytest_django import Settings

from stories.history import library
from stories.models import Story
from tests.conftest import ScriptedServer, story_settings
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_each_command_has_its_own(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.GENERATION_SLOTS = 1
    another, third = await another_story(story), await another_story(story)
    async with (
        StorySocket(story.owner, story.pk) as first,
        StorySocket(story.owner, another.pk) as second,
        StorySocket(story.owner, third.pk) as last,
    ):
        await first.send(type="write")
        await first.receive()
        await second.send(type="write")  # it waits for the first
        assert (await second.receive())["status"] == "queued"
        await last.send(type="write")  # one task of the second's looks after both
        await first.until_done()
        await second.until_done()
        await last.until_done()
    ids = [chat["request_id"] for chat in model_server.chats("steady")]
    assert len(ids) == 3
    assert all(len(request_id) == 16 for request_id in ids)
    assert len(set(ids)) == 3


async def another_story(story: Story) -> Story:
    """Return another story of the same writer's."""
    return await database_sync_to_async(library.create_story)(story.owner, story_settings())
