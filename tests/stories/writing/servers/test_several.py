"""Several model servers: who writes what, and what becomes of it when one is killed."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.urls import reverse
from pytest_django import Settings

import modelserver
from modelserver import Server
from stories.history import library
from stories.models import Generation, Story, User
from stories.pages.writers.standing import found
from stories.writing.servers import health
from tests.conftest import story_settings
from tests.support.processes import free_port, running
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


class Fleet:
    """Two scripted servers of one slot each."""

    def __init__(self, stack: ExitStack) -> None:
        self.urls, self._processes = [], []
        for _ in range(2):
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            command = [sys.executable, "-m", "tests.support.model_server", "--port", str(port)]
            process = running(command, ready_url=f"{url}/api/version")
            self._processes.append(stack.enter_context(process))
            self.urls.append(url)

    def kill(self, number: int) -> None:
        """End one at once."""
        self._processes[number].kill()
        self._processes[number].wait(10)

    def chats(self, number: int) -> list[dict[str, Any]]:
        """Return what one was asked."""
        found: list[dict[str, Any]] = httpx.get(
            f"{self.urls[number]}/requests", trust_env=False
        ).json()
        return found

    def has(self, number: int, model: str) -> bool:
        """Tell whether one lists the model."""
        listed = httpx.get(f"{self.urls[number]}/api/tags", trust_env=False).json()["models"]
        return any(each["name"] == model for each in listed)

    def act(self, number: int, model: str, script: str) -> None:
        """Let a model of one server follow another script."""
        httpx.post(f"{self.urls[number]}/act", json={model: script}, trust_env=False)


@pytest.fixture
def processes() -> Iterator[Fleet]:
    """Run the servers."""
    with ExitStack() as stack:
        yield Fleet(stack)


@pytest.fixture
async def fleet(processes: Fleet, settings: Settings) -> AsyncIterator[Fleet]:
    """The servers that the settings point to."""
    health._known.clear()
    first, second = (Server.at(url, slots=1) for url in processes.urls)
    settings.MODEL_SERVER, settings.OTHER_MODEL_SERVERS = first, [second]
    settings.STORY_MODEL, settings.GENERATION_SLOTS = "steady", 2
    yield processes
    await modelserver.close()


@sync_to_async
def a_story(user: User) -> Story:
    """Return a new story."""
    return library.create_story(user, story_settings())


async def of(story: Story) -> Generation:
    """Return the story's last generation."""
    found = await Generation.objects.filter(story=story).order_by("-pk").afirst()
    assert found is not None
    return found


async def test_each_server_writes_one_and_a_story_stays_where_it_was(
    fleet: Fleet, alice: User, charlie: User, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    one, other = await a_story(alice), await a_story(charlie)
    async with StorySocket(alice, one.pk) as first, StorySocket(charlie, other.pk) as second:
        await first.send(type="write")
        ones = await first.until_text(10)
        await second.send(type="write")
        others = await second.until_text(10)
        await first.send(type="stop")
        await first.until_done(ones)
        await second.send(type="stop")
        await second.until_done(others)
        assert {(await of(one)).server, (await of(other)).server} == set(fleet.urls)
        assert [len(fleet.chats(number)) for number in range(2)] == [1, 1]
        for socket, story in ((first, one), (second, other)):
            before = (await of(story)).server
            await socket.send(type="continue")
            begun = await socket.until_text(10)
            await socket.send(type="stop")
            await socket.until_done(begun)
            assert (await of(story)).server == before


async def test_before_its_first_word_a_story_goes_to_another_server(
    fleet: Fleet, alice: User
) -> None:
    fleet.act(0, "steady", "never")
    fleet.act(1, "steady", "never")
    story = await a_story(alice)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        while not any(fleet.chats(number) for number in range(2)):
            await sync_to_async(lambda: None)()
        asked = 0 if fleet.chats(0) else 1
        fleet.act(1 - asked, "steady", "steady-now")
        fleet.kill(asked)
        followed = await socket.until_done()
    assert followed.errors == []
    assert followed.text
    generation = await of(story)
    assert (generation.status, generation.server) == ("done", fleet.urls[1 - asked])


async def test_after_its_first_word_a_story_ends_and_keeps_its_text(
    fleet: Fleet, alice: User, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    story = await a_story(alice)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(30)
        asked = fleet.urls.index((await of(story)).server)
        fleet.kill(asked)
        followed = await socket.until_done(begun)
        assert followed.done["status"] == "failed"
        assert followed.text.startswith("Anna lifted the lantern")
        assert fleet.chats(1 - asked) == []
        await socket.send(type="continue")
        again = await socket.until_text(10)
        await socket.send(type="stop")
        await socket.until_done(again)
    assert (await of(story)).server == fleet.urls[1 - asked]


async def test_a_dead_server_is_passed_over_and_the_list_is_the_others(
    fleet: Fleet, alice: User
) -> None:
    fleet.kill(0)
    story = await a_story(alice)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    assert followed.errors == []
    assert (await of(story)).server == fleet.urls[1]
    there = await found()
    assert there.trouble == ""
    assert "steady" in [model.name for model in there.models]


async def test_a_drained_server_gets_no_new_ones(
    fleet: Fleet, alice: User, settings: Settings
) -> None:
    settings.MODEL_SERVER = replace(settings.MODEL_SERVER, is_drained=True)
    story = await a_story(alice)
    async with StorySocket(alice, story.pk) as socket:
        for _ in range(2):
            await socket.send(type="write")
            assert (await socket.until_done()).errors == []
        assert fleet.chats(0) == []
        fleet.kill(1)
        await socket.send(type="write")
        assert (await socket.until_done()).errors[0]["code"] == "unreachable"
    assert fleet.chats(0) == [], "not even when no other is left"


async def test_when_all_are_dead_the_first_says_so(fleet: Fleet, alice: User) -> None:
    fleet.kill(0)
    fleet.kill(1)
    story = await a_story(alice)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    assert followed.errors[0]["code"] == "unreachable"
    assert (await found()).trouble


async def test_a_download_goes_to_every_server_that_lacks_the_model(
    fleet: Fleet, alice: User, settings: Settings
) -> None:
    settings.STORY_MODEL = "absent"
    await User.objects.filter(pk=alice.pk).aupdate(is_staff=True)
    assert (await installed(alice))[-1]["status"] == "success"
    assert [fleet.has(number, "absent") for number in range(2)] == [True, True]
    settings.STORY_MODEL = "absent-too"
    fleet.kill(0)
    lines = await installed(alice)
    assert lines[-1]["status"] == "success", "where it is, stories are written"
    assert fleet.has(1, "absent-too")
    settings.STORY_MODEL = "missing"
    assert "error" in (await installed(alice))[-1]


async def installed(user: User) -> list[dict[str, Any]]:
    """Let the page install the model; return its lines."""
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.post(reverse("stories:install_model"))
    return [json.loads(line) async for line in response.streaming_content]  # type: ignore[attr-defined]
