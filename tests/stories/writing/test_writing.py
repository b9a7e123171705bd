"""A story over the socket: from the click to the stored version, against a real small server."""

import asyncio
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from modelserver import Server
from prose import words
from stories.history import library
from stories.models import Generation, Story, StorySettings, StoryVersion
from stories.writing.textlog import MemoryTextLog, Piece, get_text_log
from tests.conftest import ScriptedServer, story_settings
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def stored(story: Story) -> tuple[Story, Generation]:
    """Return the story as it is stored, and its newest generation."""
    fresh = Story.objects.select_related("settings").get(pk=story.pk)
    return fresh, Generation.objects.select_related("settings").filter(story=story)[0]


@sync_to_async
def give_text(story: Story, text: str) -> None:
    """Let the writer type `text`."""
    library.save_text(story, story.owner, text, story.version)


@sync_to_async
def give_settings(story: Story, settings: StorySettings) -> None:
    """Submit `settings`."""
    library.change_settings(story, settings)


async def test_a_story_is_streamed_and_stored(model_server: ScriptedServer, story: Story) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    fresh, generation = await stored(story)
    assert followed.errors == []
    # It moves, and not with each token.
    assert 1 < followed.pieces < len(followed.text.split()) / 2
    assert fresh.text == followed.text == generation.text
    assert fresh.text.startswith("Anna lifted the lantern")
    assert fresh.version == followed.done["version"] == 1
    assert generation.status == "done"
    assert generation.prompt == fresh.settings.prompt
    assert generation.completion_tokens == 60
    report = followed.done["report"]
    assert report["characters_missing"] == []
    assert report["keywords_found"] == ["lantern", "old map"]
    assert report["words"] == 59, "60 tokens, of which one is a picture"
    assert 0 <= report["first_word_seconds"] < 10
    chat = model_server.chats("steady")[-1]
    assert chat["ended"] == "whole"
    assert chat["body"]["truncate"] is False
    assert chat["body"]["messages"] == [{"role": "user", "content": generation.prompt}]
    assert chat["body"]["options"]["seed"] == generation.seed
    assert "temperature" not in chat["body"]["options"]


async def test_stop_closes_the_request_and_keeps_the_text(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(30)
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    fresh, generation = await stored(story)
    assert followed.done["status"] == generation.status == "stopped"
    assert fresh.text == followed.text.rstrip()
    for _ in range(50):
        if (chat := model_server.chats("slow")[-1])["ended"] == "closed":
            break
        await asyncio.sleep(0.02)
    assert chat["ended"] == "closed"
    assert chat["sent"] < 60


async def test_a_double_click_makes_one(model_server: ScriptedServer, story: Story) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.send(type="write")
        followed = await socket.until_done()
    assert [error["code"] for error in followed.errors] == ["busy"]
    assert await Generation.objects.filter(story=story).acount() == 1


async def test_two_sockets_get_the_same_and_a_third_catches_up(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    async with (
        StorySocket(story.owner, story.pk) as one,
        StorySocket(story.owner, story.pk) as two,
    ):
        await one.send(type="write")
        begun = await two.until_text(100)
        async with StorySocket(story.owner, story.pk) as three:
            hello = await three.receive()
            assert hello["status"] == "running"
            await three.send(type="attach", generation=hello["id"], offset=0)
            caught_up = await three.until_text(100)
            await three.send(type="stop")
            late = await three.until_done(caught_up)
        first, second = await one.until_done(), await two.until_done(begun)
    assert first.text == second.text == late.text
    assert first.done["version"] == second.done["version"] == late.done["version"] == 1


async def test_closing_the_socket_does_not_stop_the_writing(
    model_server: ScriptedServer, story: Story
) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(40)
    async with StorySocket(story.owner, story.pk) as again:
        hello = await again.receive()
        await again.send(type="attach", generation=hello["id"], offset=len(begun.text))
        followed = await again.until_done(begun)
    fresh, _ = await stored(story)
    assert fresh.text == followed.text
    assert len(fresh.text.split()) == 60


async def test_attaching_after_the_end_gives_the_whole_text(
    model_server: ScriptedServer, story: Story
) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        first = await socket.until_done()
        await socket.send(type="attach", generation=first.generation["id"], offset=0)
        again = await socket.until_done()
        await socket.send(type="attach", generation=first.generation["id"], offset=10**6)
        nothing = await socket.until_done()
    assert again.text == first.text
    assert nothing.text == ""


async def test_regenerating_keeps_the_earlier_take(
    model_server: ScriptedServer, story: Story
) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        for _ in range(2):
            await socket.send(type="write")
            await socket.until_done()
    versions = [v async for v in StoryVersion.objects.filter(story=story).order_by("number")]
    assert [(v.number, v.take) for v in versions] == [(1, 1), (2, 2)]
    seeds = {g.seed async for g in Generation.objects.filter(story=story)}
    assert len(seeds) == 2


async def test_continue_goes_on_from_the_text(model_server: ScriptedServer, story: Story) -> None:
    await give_text(story, "Anna slept.")
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        followed = await socket.until_done()
    fresh, generation = await stored(story)
    assert followed.text.startswith(" Anna lifted")
    assert fresh.text == "Anna slept." + followed.text
    assert generation.base_version == 1
    assert fresh.version == 2
    messages = model_server.chats("steady")[-1]["body"]["messages"]
    assert messages[-1] == {"role": "assistant", "content": "Anna slept."}


async def test_continue_without_a_text_is_refused(
    model_server: ScriptedServer, story: Story
) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        error = await socket.receive()
    assert error["code"] == "nothing_to_continue"


async def test_the_limit_is_held_at_a_sentence(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "long"
    await give_settings(story, story_settings(max_words=50))
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    fresh, generation = await stored(story)
    assert 40 <= fresh.word_count <= 50
    assert fresh.text.endswith(("stones.", '."', "snow.", "hands.", "back."))
    assert followed.text.startswith(fresh.text)
    assert words.count(followed.text) <= 51, "though hundreds come on one beat"
    assert generation.done_reason == "words"
    assert followed.done["report"]["whole_end"] is True


async def test_an_answer_cut_by_the_budget_ends_with_a_sentence(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "cut"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    fresh, _ = await stored(story)
    assert fresh.word_count < 60
    assert fresh.text.endswith(".")


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("missing", "model_missing"),
        ("busy", "server_busy"),
        ("faulty", "server_fault"),
        ("narrow", "prompt_too_long"),
    ],
)
async def test_a_refusal_is_told_and_leaves_nothing(
    model_server: ScriptedServer, story: Story, settings: Settings, model: str, code: str
) -> None:
    settings.STORY_MODEL = model
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
        assert followed.errors[0]["code"] == code
        assert followed.done["status"] == "failed"
        settings.STORY_MODEL = "steady"
        await socket.send(type="write")
        assert (await socket.until_done()).done["version"] == 1


async def test_what_the_log_did_not_take_is_offered_again(
    model_server: ScriptedServer,
    story: Story,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the model says no more, and so nothing else would."""
    settings.STORY_MODEL = "hangs"
    append, refused = MemoryTextLog.append, list[Piece]()

    async def refuse_some(log: MemoryTextLog, generation: int, piece: Piece) -> None:
        if len(refused) < 3:
            refused.append(piece)
            raise ConnectionError("Redis is away")
        await append(log, generation, piece)

    monkeypatch.setattr(MemoryTextLog, "append", refuse_some)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        generation = (await socket.receive())["id"]
        async with asyncio.timeout(10):
            while not (text := get_text_log().text(generation)):  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.02)
        assert len(refused) == 3
        assert text.startswith(refused[-1].text)
        assert text.startswith("Anna lifted the lantern")
        await socket.send(type="stop")
        assert (await socket.until_done()).text.startswith(text)


@pytest.mark.parametrize("model", ["resets", "errs", "halves", "ends"])
async def test_a_broken_stream_keeps_the_text(
    model_server: ScriptedServer, story: Story, settings: Settings, model: str
) -> None:
    settings.STORY_MODEL = model
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    fresh, generation = await stored(story)
    assert generation.status == "failed"
    assert followed.errors[0]["code"] in {"broken_stream", "server_fault"}
    assert fresh.text == followed.text
    assert len(fresh.text.split()) == 20


async def test_an_unreachable_server_is_told(
    story: Story, model_server: ScriptedServer, settings: Settings
) -> None:
    settings.MODEL_SERVER = Server.at("http://127.0.0.1:9")
    settings.STORY_MODEL = "never-asked"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    assert followed.errors[0]["code"] == "unreachable"
    assert followed.done["version"] == 0


@pytest.mark.parametrize(("model", "asked"), [("thinker", False), ("steady", None)])
async def test_a_model_that_thinks_is_told_not_to(
    model_server: ScriptedServer, story: Story, settings: Settings, model: str, asked: bool | None
) -> None:
    settings.STORY_MODEL = model
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    assert model_server.chats(model)[-1]["body"].get("think") is asked


async def test_offsets_are_code_points(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "unicode"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    fresh, _ = await stored(story)
    assert fresh.text == "Zoë 👩‍👩‍👧 met שלום and e\u0301."
    assert followed.text == fresh.text + "\n"


async def test_nul_characters_never_come_in(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "nul"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    fresh, _ = await stored(story)
    assert fresh.text == "One two."


async def test_an_empty_answer_is_said(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "empty"
    await give_text(story, "The end.")
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        followed = await socket.until_done()
    fresh, _ = await stored(story)
    assert followed.errors[0]["code"] == "nothing_written"
    assert fresh.text == "The end."
    assert [chat["body"]["messages"][-1]["content"] for chat in model_server.chats("empty")] == [
        "The end.",
        "The end.\n\n",
    ]


async def test_a_context_that_holds_no_part_of_a_story_is_refused_with_the_numbers(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_NUM_CTX = 256
    await give_text(story, "word " * 6000)
    asked = len(model_server.chats("steady"))
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        followed = await socket.until_done()
    assert followed.errors[0]["code"] == "prompt_too_long"
    assert "256" in followed.errors[0]["message"]
    assert len(model_server.chats("steady")) == asked


async def test_a_model_that_writes_on_is_not_silent(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "slow"
    settings.MODEL_SERVER = replace(settings.MODEL_SERVER, silence=1.0)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(350)  # more than three seconds of it
        assert len(begun.text) >= 350
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    assert followed.done["status"] == "stopped"
    assert followed.errors == []
