"""The whole way of a story over OpenAI's API, on llama.cpp's own server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

import modelserver
from modelserver import Server
from stories.history import library
from stories.models import Generation, Story, User
from tests.conftest import story_settings
from tests.support.llama_server import NAME, llama_server
from tests.support.rewriting import AFTER, BEFORE, TEXT, keep, rewritten, stored
from tests.support.sockets import StorySocket

SEED = 3
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run the server."""
    with llama_server() as url:
        yield url


@pytest.fixture
async def engine(address: str, settings: Settings) -> AsyncIterator[str]:
    """The server that the settings point to; in which dialect is found out."""
    settings.MODEL_SERVER = Server.at(address)
    settings.STORY_MODEL = NAME
    settings.STORY_TEMPERATURE = 0.7
    yield address
    await modelserver.close()


@sync_to_async
def a_story(user: User, **changes: object) -> Story:
    """Return a new story with these settings."""
    story = library.create_story(user, story_settings(**changes))
    # By another one, or on another processor, the tiny model may have nothing to add.
    Story.objects.filter(pk=story.pk).update(seed=SEED)
    return story


async def test_write_rewrite_keep_and_continue(engine: str, alice: User) -> None:
    story = await a_story(alice, max_words=40)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        written = await socket.until_done()
        assert written.errors == []
        first = await stored(story)
        assert first.text
        await socket.send(type="continue")
        continued = await socket.until_done()
    assert continued.errors == []
    generation = await Generation.objects.filter(story=story).afirst()
    assert generation is not None
    assert generation.prompt_tokens, "the engine counts"
    second = await stored(story)
    assert second.text.startswith(first.text)

    await sync_to_async(library.save_text)(second, alice, TEXT, second.version)
    here = (await stored(story)).version
    replaced = await rewritten(story, version=here)
    if replaced.replacement:
        await keep(story, replaced, version=here)
        text = (await stored(story)).text
        assert text.startswith(BEFORE)
        assert text.endswith(AFTER)
    assert replaced.status == Generation.Status.DONE


async def test_stop_ends_it_on_the_engine(engine: str, alice: User) -> None:
    story = await a_story(alice, max_words=600)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(1)
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    assert followed.done["status"] == "stopped"
    assert (await stored(story)).text == followed.text.rstrip()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for _ in range(200):
            slots = (await client.get(f"{engine}/slots")).json()
            if not any(slot["is_processing"] for slot in slots):
                return
            await asyncio.sleep(0.05)
    raise AssertionError(slots)
