"""What goes wrong around a generation: the log, the word to stop, the story itself goes away."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import DataError
from django.utils import timezone
from pytest_django import Settings

from stories.history import library
from stories.history.versions import MAX_TEXT_LENGTH
from stories.models import Generation, Story
from stories.writing import recovery, runner
from stories.writing.assignments import assignment_of
from stories.writing.finishing import Outcome
from stories.writing.opening import open_generation
from stories.writing.textlog import MemoryTextLog, Piece, get_text_log
from tests.conftest import ScriptedServer
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 10.0  # seconds


async def request_closed(model_server: ScriptedServer) -> bool:
    """Tell whether the slow model's last request is closed soon."""
    for _ in range(int(SOON / 0.05)):
        if model_server.chats("slow")[-1]["ended"] == "closed":
            return True
        await asyncio.sleep(0.05)
    return False


async def all_ended() -> list[BaseException | None]:
    """Wait for the tasks that write; return what they raised."""
    tasks = [
        task
        for task in asyncio.all_tasks()
        if "_Run.run" in getattr(task.get_coro(), "__qualname__", "")
    ]
    async with asyncio.timeout(SOON):
        await asyncio.gather(*tasks, return_exceptions=True)
    return [task.exception() for task in tasks]


async def test_a_stop_that_nobody_hears_is_seen_in_the_row(
    model_server: ScriptedServer,
    story: Story,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(generation: int) -> None:
        """The channel layer is away."""

    monkeypatch.setattr("stories.live.consumer.hint_stop", lost)
    settings.STORY_MODEL = "slow"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(30)
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    assert followed.done["status"] == "stopped"
    assert await request_closed(model_server)


async def test_deleting_a_story_stops_its_writing(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_text(30)
        await sync_to_async(library.delete_story)(await Story.objects.aget(pk=story.pk))
        assert await request_closed(model_server)
    assert await all_ended() in ([], [None])
    assert (await Story.objects.aget(pk=story.pk)).text.startswith("Anna lifted")


async def test_deleting_the_account_leaves_no_task_and_no_log(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        generation = (await socket.until_text(30)).generation["id"]
        await sync_to_async(story.owner.delete)()
        assert await request_closed(model_server)
        assert await all_ended() in ([], [None])
    log = get_text_log()
    assert isinstance(log, MemoryTextLog)
    assert generation not in log._logs


@pytest.mark.parametrize("failures", [[3], range(2, 10_000)], ids=["once", "from then on"])
async def test_a_log_that_fails_costs_no_text(
    model_server: ScriptedServer,
    story: Story,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failures: list[int] | range,
) -> None:
    append, calls = MemoryTextLog.append, 0

    async def shaky(self: MemoryTextLog, generation: int, piece: Piece) -> None:
        nonlocal calls
        calls += 1
        if calls in failures:
            raise ConnectionError("Redis is away")
        await append(self, generation, piece)

    monkeypatch.setattr(MemoryTextLog, "append", shaky)
    with caplog.at_level(logging.CRITICAL):
        async with StorySocket(story.owner, story.pk) as socket:
            await socket.send(type="write")
            followed = await socket.until_done()
    assert followed.done["status"] == "done"
    fresh = await Story.objects.aget(pk=story.pk)
    assert len(fresh.text.split()) == 60
    assert followed.text == fresh.text


async def test_an_end_that_the_database_refuses_for_good_is_left_to_recovery(
    model_server: ScriptedServer,
    story: Story,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = 0

    def refuse(generation: Generation, outcome: Outcome) -> bool:
        nonlocal tries
        tries += 1
        raise DataError("not in this column")

    monkeypatch.setattr(runner, "finish", refuse)
    monkeypatch.setattr(runner, "_STORE_RETRY", 0.01)
    monkeypatch.setattr(runner, "_REFUSALS", 3)
    with caplog.at_level(logging.CRITICAL):
        async with StorySocket(story.owner, story.pk) as socket:
            await socket.send(type="write")
            await socket.until_text(30)
            assert await all_ended() == [None]
    assert tries == 4
    row = await Generation.objects.aget(story=story)
    assert row.status == "running"
    assert row.runner not in recovery.alive


async def test_a_text_closed_too_early_waits_for_another_generation(
    model_server: ScriptedServer,
    story: Story,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.STORY_MODEL = "slow"
    monkeypatch.setattr(runner, "_STORE_RETRY", 0.05)
    monkeypatch.setattr(runner, "_REFUSALS", 3)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_text(60)
        first = Generation.objects.filter(story=story)
        row = await first.aget()
        # Another process took it for dead, and the writer asked again.
        await first.aupdate(status="interrupted", runner="another", text="Once")
        other = await Generation.objects.acreate(
            story=story, settings=story.settings, kind="write", status="running", prompt="Write.",
            model="slow", seed=1, runner="a third", base_version=story.version,
        )  # fmt: skip
        await asyncio.sleep(2)  # many more tries than the database may refuse
        assert (await Generation.objects.aget(pk=row.pk)).text == "Once"
        await Generation.objects.filter(pk=other.pk).aupdate(status="stopped")
        assert await all_ended() == [None]
    whole = (await Generation.objects.aget(pk=row.pk)).text
    assert len(whole) >= 60


async def test_half_a_character_never_comes_in(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "halfchars"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    assert followed.text == "One two."
    assert (await Generation.objects.aget(story=story)).text == "One two."


async def test_a_model_that_writes_without_end_is_left_and_a_full_story_not_continued(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "endless"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
        assert followed.errors == []
        assert followed.done["status"] == "done"
        await story.arefresh_from_db()
        # At the first piece that is more than three hundred words can be.
        assert len(story.text) == 20_001
        assert followed.text.startswith(story.text)
        assert model_server.chats("endless")[-1]["sent"] < 5000
        await sync_to_async(library.save_text)(story, story.owner, "x" * (MAX_TEXT_LENGTH - 9), 1)
        await socket.send(type="continue")
        refused = await socket.receive()
    assert (refused["type"], refused["code"]) == ("error", "too_long")
    assert "399,991" in refused["message"]
    assert await Generation.objects.acount() == 1


def test_a_continuation_ends_where_the_story_is_full(story: Story) -> None:
    library.save_text(story, story.owner, "x" * (MAX_TEXT_LENGTH - 300), 0)
    asked = assignment_of(open_generation(story.pk, story.owner, Generation.Kind.CONTINUE))
    pieces = [(async_to_sync(asked.take)(" y" * 100), asked.ended)]
    assert asked.passes(" y" * 49)
    assert not asked.passes(" y" * 50), "it ends in that"
    pieces += [(async_to_sync(asked.take)(" y" * 100), asked.ended) for _ in range(2)]
    assert [len(written) for written, _ in pieces] == [200, 100, 0]
    assert [ended for _, ended in pieces] == ["", "length", "length"]


async def written_by(model: str, story: Story, settings: Settings) -> Generation:
    """Let `model` write the story to its end."""
    settings.STORY_MODEL = model
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    return await Generation.objects.aget(pk=followed.generation["id"])


async def test_a_count_that_can_be_none_costs_no_story(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    generation = await written_by("miscounts", story, settings)
    assert (generation.status, generation.text) == ("done", "One two.")
    assert generation.prompt_tokens is None
    assert generation.completion_tokens == 2


async def test_a_text_without_spaces_keeps_to_the_length_too(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    generation = await written_by("spaceless", story, settings)
    assert generation.status == "done"
    assert generation.done_reason == "words"
    assert 0 < len(generation.text) <= 300 * 24 + 60  # words, characters a word, a piece


async def test_pieces_without_text_do_not_go_on_for_ever(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    generation = await written_by("mute", story, settings)
    assert (generation.status, generation.error_code) == ("done", "nothing_written")
    assert generation.done_reason == "length"
    assert model_server.chats("mute")[-1]["ended"] == "closed"


async def test_pieces_without_text_are_no_sign_of_life(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.MODEL_SERVER = replace(settings.MODEL_SERVER, load=0.3)
    generation = await written_by("mute", story, settings)
    assert (generation.status, generation.error_code) == ("failed", "silent")


def test_what_can_not_be_reported_on_is_closed_all_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    long_ago = timezone.now() - timedelta(hours=1)
    Generation.objects.update(text="Anna went.", heartbeat_at=long_ago)
    monkeypatch.setattr(recovery, "CONFIRMED_AFTER", 0.0)

    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("stories.writing.finishing.report.story_report", fail)
    assert recovery.recover_abandoned(story) == 1
    generation.refresh_from_db()
    assert (generation.status, generation.text) == ("interrupted", "Anna went.")
    story.refresh_from_db()
    assert story.text == "Anna went."
    assert "without a report" in caplog.text
