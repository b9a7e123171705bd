"""A story for children: what is found in it is shown, or held back before anybody sees it."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from stories.models import Generation, Story
from tests.conftest import ScriptedServer
from tests.support.model_server import GENTLE
from tests.support.sockets import Followed, StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


async def told(story: Story, settings: Settings, check: str) -> tuple[Followed, Story, Generation]:
    """Let a model tell what isn't for children; return what was seen, and what is stored."""
    settings.STORY_MODEL, settings.CHILD_CHECK = "grim", check
    story.settings.child_friendly, story.settings.reader_age = True, 14
    await sync_to_async(story.settings.save)()
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    fresh = await sync_to_async(Story.objects.get)(pk=story.pk)
    generation = await sync_to_async(Generation.objects.get)(story=story)
    return followed, fresh, generation


async def test_what_is_found_is_shown_and_nothing_is_changed(
    model_server: ScriptedServer, story: Story, settings: Settings, alices: Client
) -> None:
    followed, fresh, generation = await told(story, settings, "show")
    assert followed.errors == []
    assert fresh.text.endswith("Then everybody had cake.")
    (found,) = generation.report["children"]["findings"]
    assert found["category"] == "violence"
    assert found["sentence"].startswith("The murderer stabbed")
    page = (await sync_to_async(alices.get)(f"/stories/{story.pk}/")).content.decode()
    assert "1 place to look at" in page
    assert found["sentence"] in page
    assert f"for about {generation.report['reading']['age']} years; asked for 14" in page
    assert "for about 14 years</span>" in page


async def test_where_the_site_says_so_it_is_never_seen(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    followed, fresh, generation = await told(story, settings, "hold")
    assert fresh.text == GENTLE
    assert followed.text.strip() == GENTLE
    assert [error["code"] for error in followed.errors] == ["not_for_children"]
    assert "may show violence" in generation.error_message
    assert generation.report["children"]["findings"] == []
