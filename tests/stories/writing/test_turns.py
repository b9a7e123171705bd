"""Waiting over the socket: each tab is told the place as it changes, until the turn or Stop."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from pytest_django import Settings

from stories.accounts.departure import delete_account
from stories.history import library
from stories.models import Generation, Story, User
from stories.writing import hub, opening, runner, turns
from stories.writing.recovery import ABANDONED_AFTER
from stories.writing.textlog import MemoryTextLog
from tests.conftest import ScriptedServer
from tests.support.queueing import grow_silent, new_story
from tests.support.sockets import PATIENCE, StorySocket

pytestmark = pytest.mark.django_db(transaction=True)

make_story = sync_to_async(new_story)


@pytest.fixture(autouse=True)
def quickly_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look is enough to take a process for dead."""
    monkeypatch.setattr("stories.writing.recovery.CONFIRMED_AFTER", 0.0)


@pytest.fixture(autouse=True)
def slow_server(model_server: ScriptedServer, settings: Settings) -> ScriptedServer:
    """A model server that takes 20 seconds for a story, one at a time."""
    settings.STORY_MODEL = "slow"
    settings.GENERATION_SLOTS = 1
    return model_server


async def standing(socket: StorySocket, status: str, position: int = 0) -> dict[str, Any]:
    """Take in frames up to the one that says `status` and `position`."""
    while True:
        frame = await socket.receive()
        if frame["type"] == "generation" and frame["status"] == status:
            if frame["position"] == position:
                return frame
            assert frame["position"] > position, "nobody is put back"


async def stop(socket: StorySocket) -> dict[str, Any]:
    """Stop what is written or waits; return the last frame."""
    await socket.send(type="stop")
    while (frame := await socket.receive())["type"] != "done":
        continue
    return frame


@asynccontextmanager
async def in_line(first: Story, *others: Story) -> AsyncIterator[list[StorySocket]]:
    """Yield sockets on the stories: the first is being written, the others wait in their order."""
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(StorySocket(story.owner, story.pk))
            for story in (first, *others)
        ]
        for position, socket in enumerate(sockets):
            await socket.send(type="write")
            if position:
                await standing(socket, "queued", position)
            else:
                assert (await socket.until_text(20)).text
        yield sockets


async def test_the_place_counts_down_in_all_tabs(settings: Settings) -> None:
    stories = [await make_story(writer) for writer in ("anna", "ben", "chloe")]
    async with (
        StorySocket(stories[0].owner, stories[0].pk) as anna,
        StorySocket(stories[1].owner, stories[1].pk) as ben,
        StorySocket(stories[2].owner, stories[2].pk) as chloe,
        StorySocket(stories[2].owner, stories[2].pk) as other_tab,
    ):
        await anna.send(type="write")
        assert (await anna.until_text(20)).text
        await ben.send(type="write")
        await standing(ben, "queued", 1)
        await chloe.send(type="write")
        number = (await standing(chloe, "queued", 2))["id"]
        await standing(other_tab, "queued", 2)
        async with StorySocket(stories[2].owner, stories[2].pk) as reloaded:
            hello = await reloaded.receive()
            assert (hello["status"], hello["position"]) == ("queued", 2)
            assert hello["after_own"] is False
            await reloaded.send(type="attach", generation=number, offset=0)
            await stop(anna)
            for tab in (chloe, other_tab, reloaded):
                await standing(tab, "queued", 1)
            assert (await ben.until_text(20)).text
            await stop(ben)
            for tab in (chloe, other_tab, reloaded):
                await standing(tab, "running")
                assert (await tab.until_text(20)).text
            await stop(chloe)
    generations = [generation async for generation in Generation.objects.order_by("pk")]
    assert [generation.status for generation in generations] == ["stopped"] * 3
    assert generations[2].started_at is not None
    assert generations[1].finished_at is not None
    assert generations[2].started_at >= generations[1].finished_at


async def test_stop_while_waiting_is_at_once_and_leaves_all_as_it_was() -> None:
    stories = [await make_story(writer) for writer in ("anna", "ben")]
    await sync_to_async(library.save_text)(stories[1], stories[1].owner, "Once.", 0)
    async with (
        StorySocket(stories[0].owner, stories[0].pk) as anna,
        StorySocket(stories[1].owner, stories[1].pk) as ben,
        StorySocket(stories[1].owner, stories[1].pk) as other_tab,
    ):
        await anna.send(type="write")
        assert (await anna.until_text(20)).text
        await ben.send(type="continue")
        waits = await standing(ben, "queued", 1)
        await standing(other_tab, "queued", 1)
        await other_tab.send(type="stop", generation=waits["id"])
        for tab in (ben, other_tab):
            followed = await tab.until_done()
            assert (followed.done["status"], followed.done["version"]) == ("stopped", 1)
            assert followed.text == ""
            assert followed.errors == []
        await ben.send(type="continue")
        await standing(ben, "queued", 1)
        await stop(ben)
        await stop(anna)
    story = await Story.objects.aget(pk=stories[1].pk)
    assert (story.text, story.version) == ("Once.", 1)
    assert not turns._lookouts.here().own


@pytest.mark.parametrize("fault", ["refuses", "hangs"])
async def test_a_log_that_is_away_when_the_turn_comes_costs_no_place(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    stories = [await make_story(writer) for writer in ("anna", "ben")]
    monkeypatch.setattr(runner, "_PATIENCE", 0.2)

    async def away(self: MemoryTextLog, generation: int) -> None:
        if fault == "hangs":
            await asyncio.Event().wait()
        raise ConnectionError("Redis is away")

    with caplog.at_level(logging.CRITICAL):
        async with in_line(*stories) as (anna, ben):
            monkeypatch.setattr(MemoryTextLog, "begin", away)
            await stop(anna)
            await standing(ben, "running")
            assert (await ben.until_text(20)).text
            await stop(ben)
    assert (await Generation.objects.aget(story=stories[1])).status == "stopped"


@pytest.mark.parametrize("waits", [True, False], ids=["while it waits", "while it is written"])
async def test_a_story_deleted_elsewhere_closes_its_sockets(waits: bool) -> None:
    stories = [await make_story(writer) for writer in ("anna", "ben")]
    deleted = stories[waits]
    async with in_line(*stories) as (anna, ben):
        await sync_to_async(library.delete_story)(deleted)
        socket = ben if waits else anna
        while (await socket._communicator.receive_output(PATIENCE))["type"] == "websocket.send":
            continue
        if waits:
            await stop(anna)
        else:
            await standing(ben, "running")
            await stop(ben)


async def test_a_command_that_the_database_cannot_take_is_answered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    story = await make_story("anna")

    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    with caplog.at_level(logging.CRITICAL):
        async with StorySocket(story.owner, story.pk) as socket:
            with monkeypatch.context() as patch:
                patch.setattr("stories.writing.opening.open_generation", full)
                await socket.send(type="write")
                assert (await socket.receive())["code"] == "not_begun"
            await socket.send(type="write")
            assert (await socket.until_text(20)).text
            await stop(socket)


async def test_a_writers_second_story_waits_for_their_first(settings: Settings) -> None:
    settings.GENERATION_SLOTS = 4
    first, second = [await make_story("anna") for _ in range(2)]
    async with (
        StorySocket(first.owner, first.pk) as one,
        StorySocket(second.owner, second.pk) as two,
    ):
        await one.send(type="write")
        assert (await one.until_text(20)).text
        await two.send(type="write")
        assert (await standing(two, "queued", 1))["after_own"] is True
        await stop(one)
        await standing(two, "running")
        await stop(two)


@pytest.mark.parametrize("way", ["by word", "by looking"])
async def test_the_line_moves_by_word_of_the_others_and_without(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async def lost(message: dict[str, Any]) -> None:
        """The channel layer is away."""

    if way == "by word":
        monkeypatch.setattr(turns, "INTERVAL", 600.0)
    else:
        monkeypatch.setattr(hub, "_send", lost)
    stories = [await make_story(writer) for writer in ("anna", "ben", "chloe")]
    async with in_line(*stories) as (anna, ben, chloe):
        await stop(ben)
        await standing(chloe, "queued", 1)
        await stop(anna)
        assert (await chloe.until_text(20)).text
        await stop(chloe)


async def test_a_full_line_is_said_and_the_socket_lives(settings: Settings) -> None:
    settings.QUEUE_LIMIT = 0
    stories = [await make_story(writer) for writer in ("anna", "ben")]
    async with (
        StorySocket(stories[0].owner, stories[0].pk) as anna,
        StorySocket(stories[1].owner, stories[1].pk) as ben,
    ):
        await anna.send(type="write")
        assert (await anna.until_text(20)).text
        await ben.send(type="write")
        refused = await ben.receive()
        assert (refused["type"], refused["code"]) == ("error", "queue_full")
        await stop(anna)
        await ben.send(type="write")
        assert (await ben.until_text(20)).text
        await stop(ben)
    assert await Generation.objects.acount() == 2


async def test_who_closes_the_page_is_served_all_the_same() -> None:
    stories = [await make_story(writer) for writer in ("anna", "ben")]
    async with StorySocket(stories[0].owner, stories[0].pk) as anna:
        await anna.send(type="write")
        assert (await anna.until_text(20)).text
        async with StorySocket(stories[1].owner, stories[1].pk) as ben:
            await ben.send(type="write")
            waits = await standing(ben, "queued", 1)
        await stop(anna)
        async with StorySocket(stories[1].owner, stories[1].pk) as ben:
            await ben.send(type="attach", generation=waits["id"], offset=0)
            assert (await ben.until_text(20)).text
            await stop(ben)


async def test_a_deleted_account_leaves_the_line() -> None:
    stories = [await make_story(writer) for writer in ("anna", "ben", "chloe")]
    async with in_line(*stories) as (anna, _ben, chloe):
        await sync_to_async(delete_account)(await User.objects.aget(username="ben"))
        await standing(chloe, "queued", 1)
        await stop(anna)
        assert (await chloe.until_text(20)).text
        await stop(chloe)


async def test_whoever_looks_takes_over_what_a_dead_process_left(story: Story) -> None:
    first = await make_story("anna")
    async with StorySocket(first.owner, first.pk) as anna:
        await anna.send(type="write")
        assert (await anna.until_text(20)).text
        # As a process leaves it that dies at once: nobody in this one waits for it.
        orphan = await sync_to_async(opening.open_generation)(
            story.pk, story.owner, Generation.Kind.WRITE
        )
        await sync_to_async(grow_silent)(orphan, ABANDONED_AFTER + 1)
        async with StorySocket(story.owner, story.pk) as socket:
            assert (await socket.receive())["position"] == 1
            await socket.send(type="attach", generation=orphan.pk, offset=0)
            await stop(anna)
            assert (await socket.until_text(20)).text
            await stop(socket)


async def test_a_rewrite_waits_with_the_text_that_it_was_asked_for(settings: Settings) -> None:
    settings.STORY_MODEL = "rewriter"
    stories = [await make_story(writer) for writer in ("anna", "ben")]
    text = "It rained all day. Anna slept. Nobody came."
    await sync_to_async(library.save_text)(stories[1], stories[1].owner, text, 0)
    blocking = await sync_to_async(opening.open_generation)(
        stories[0].pk, stories[0].owner, Generation.Kind.WRITE
    )
    async with StorySocket(stories[1].owner, stories[1].pk) as ben:
        passage = {"start": 19, "end": 30, "version": 1, "selected": "Anna slept."}
        await ben.send(type="rewrite", **passage)
        await standing(ben, "queued", 1)
        # A rewrite only proposes: the text may change while it waits.
        await sync_to_async(library.save_text)(stories[1], stories[1].owner, f"Hm. {text}", 1)
        await Generation.objects.filter(pk=blocking.pk).aupdate(status="stopped")
        followed = await ben.until_done()
    assert followed.done["status"] == "done"
    generation = await Generation.objects.aget(pk=followed.generation["id"])
    assert generation.replacement == "A quiet wind crossed the yard, and Zoë 🙂 slept."
    assert generation.decision == Generation.Decision.PENDING


async def test_fifty_writers_click_at_once(settings: Settings) -> None:
    settings.STORY_MODEL = "steady"
    settings.GENERATION_SLOTS = 4
    stories = [await make_story(f"writer-{number}") for number in range(50)]

    async def write(story: Story) -> str:
        async with StorySocket(story.owner, story.pk) as socket:
            await socket.send(type="write")
            while True:
                frame = await asyncio.wait_for(socket.receive(), 60)
                if frame["type"] == "done":
                    return str(frame["status"])

    assert await asyncio.gather(*(write(story) for story in stories)) == ["done"] * 50
    rows = [row async for row in Generation.objects.all()]
    times = sorted((time, step) for row in rows for time, step in spans(row))
    busy, most = 0, 0
    for _, step in times:
        busy += step
        most = max(most, busy)
    assert most == 4


def spans(row: Generation) -> list[tuple[Any, int]]:
    """Return when a slot was taken and given back by `row`, with +1 and -1."""
    return [(row.started_at, 1), (row.finished_at, -1)]
