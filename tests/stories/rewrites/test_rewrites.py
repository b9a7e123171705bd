"""A rewrite from the selection to the proposal, over the socket, against a small server."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from prose import words
from stories.history import library
from stories.history.versions import StoryBusyError
from stories.models import Generation, Story, User
from stories.writing import rewrites
from stories.writing.rewrite_request import ANEW
from stories.writing.rewrites import Selection, Wish
from tests.conftest import ScriptedServer
from tests.support.rewriting import (
    AFTER,
    BEFORE,
    END,
    HERE,
    PASSAGE,
    START,
    TEXT,
    WRITTEN,
    keep,
    rewritten,
    stored,
)
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_model_is_asked_in_place_and_stopped_when_the_rest_begins(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written)
    chat = model_server.chats("rewriter")[-1]
    user, assistant = chat["body"]["messages"]
    assert user["content"].endswith(AFTER.strip())
    assert assistant == {"role": "assistant", "content": BEFORE.strip()}
    assert AFTER.strip().startswith(chat["body"]["options"]["stop"][0])
    assert generation.done_reason == "overlap"
    assert generation.completion_tokens is not None
    assert generation.completion_tokens < 20


@pytest.mark.parametrize("model", ["chatty", "rewriter"])
async def test_what_streams_has_no_preamble_and_nothing_of_what_follows(
    model_server: ScriptedServer, written: Story, settings: Settings, model: str
) -> None:
    settings.STORY_MODEL = model
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **HERE)
        followed = await socket.until_done()
    assert followed.text.strip() == WRITTEN
    assert followed.generation["kind"] == "rewrite"
    assert followed.done["version"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"selected": "Something else"},
        {"start": 0},
        {"end": 10**6},
        {"start": 10**9, "end": 10**9 + 5},
        {"selected": ""},
    ],
)
async def test_a_selection_that_is_not_there_is_a_conflict(
    model_server: ScriptedServer, written: Story, changes: dict[str, Any]
) -> None:
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **{**HERE, **changes})
        assert (await socket.receive())["code"] == "conflict"
    assert not await Generation.objects.aexists()
    assert (await stored(written)).text == TEXT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mode": "sing"}, "bad_wish"),
        ({"mode": "register"}, "bad_wish"),
        ({"mode": "register", "register": "Shouting"}, "bad_wish"),
        ({"register": "Elegant"}, "bad_wish"),
        ({"instruction": "x" * 501}, "bad_wish"),
        ({"instruction": 7}, "bad_frame"),
        ({"selected": None}, "bad_frame"),
        ({"again": "1"}, "bad_frame"),
        ({"start": len(BEFORE) - 1, "end": len(BEFORE), "selected": "\n"}, "empty_selection"),
    ],
)
async def test_bad_wishes_are_refused(
    model_server: ScriptedServer, written: Story, changes: dict[str, Any], code: str
) -> None:
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **{**HERE, **changes})
        assert (await socket.receive())["code"] == code
    assert not await Generation.objects.aexists()


async def test_another_passage_lets_the_pending_one_go(
    model_server: ScriptedServer, written: Story
) -> None:
    first = await rewritten(written)
    second = await rewritten(written, start=END + 1, end=len(TEXT), selected=AFTER[1:])
    await first.arefresh_from_db()
    assert (first.decision, second.decision) == ("discarded", "pending")
    assert second.first_try_id is None


async def test_stop_keeps_what_was_written(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "rewriter-slow"
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **HERE)
        begun = await socket.until_text(10)
        with pytest.raises(StoryBusyError):
            await sync_to_async(rewrites.discard)(written)
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    generation = await Generation.objects.aget(pk=followed.generation["id"])
    assert generation.status == "stopped"
    assert generation.replacement.startswith("A quiet")
    assert generation.replacement.endswith(".")
    assert (await stored(written)).text == TEXT


async def test_a_model_that_leaves_the_passage_out_is_asked_again_then_told(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "leaves-out"
    asked = len(model_server.chats("leaves-out"))
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **HERE)
        followed = await socket.until_done()
    assert followed.errors[0]["code"] == "nothing_written"
    seeds = [chat["body"]["options"]["seed"] for chat in model_server.chats("leaves-out")[asked:]]
    assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
    assert await sync_to_async(rewrites.open_review)(await stored(written)) is None


async def test_a_passage_told_again_word_by_word_is_asked_for_again(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "tells-the-same"
    same = "Ben held the old map."
    text = f"It rained. {same} Nobody came."
    await sync_to_async(library.save_text)(written, written.owner, text, 1)
    asked = len(model_server.chats("tells-the-same"))
    generation = await rewritten(written, start=11, end=11 + len(same), version=2, selected=same)
    assert len(model_server.chats("tells-the-same")) == asked + 3
    assert generation.replacement == same, "only the last attempt counts"


SAID, TOLD = '"Who is there?" asked Ben.', "Ben lit the old lamp."


@pytest.mark.parametrize(
    ("model", "mode", "attempts", "replacement"),
    [
        ("talks-late", "dialogue", 2, SAID),
        ("talks-late", "vivid", 1, TOLD),  # which nothing counts
        ("talking-ben", "dialogue", 1, SAID),
        ("silent-ben", "dialogue", 3, TOLD),  # better than nothing
        ("silent-ben", "shorten", 1, TOLD),
        ("silent-ben", "expand", 3, TOLD),
        ("gives-up", "dialogue", 3, TOLD),
        ("sorry-late", "dialogue", 3, TOLD),
        ("breaks-late", "dialogue", 2, TOLD),
        ("talks-only", "dialogue", 1, '"Where are you?"'),  # the quotes are not the model's own
        ("feeding-ben", "vivid", 1, "Ben lit the lamp."),
    ],
)
async def test_what_was_not_done_is_asked_for_again(
    model_server: ScriptedServer,
    written: Story,
    settings: Settings,
    model: str,
    mode: str,
    attempts: int,
    replacement: str,
) -> None:
    settings.STORY_MODEL = model
    part = "Ben took the old lamp to the mill, and he lit it there with great care."
    await sync_to_async(library.save_text)(
        written, written.owner, f"It rained. {part} Nobody came.", 1
    )
    here = {"start": 11, "end": 11 + len(part), "version": 2, "selected": part, "mode": mode}
    asked = len(model_server.chats(model))
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **{**HERE, **here})
        followed = await socket.until_done()
    assert not followed.errors
    chats = model_server.chats(model)[asked:]
    seeds = [chat["body"]["options"]["seed"] for chat in chats]
    assert seeds == [seeds[0] + number for number in range(attempts)]
    generation = await Generation.objects.aget(pk=followed.generation["id"])
    assert (generation.status, generation.replacement) == ("done", replacement)
    # The page shows the last attempt of what is streamed.
    *before, last = followed.text.split(ANEW)
    if model in {"talks-late", "silent-ben", "talking-ben"}:
        assert last.strip() == replacement
        assert len(before) == attempts - 1


async def test_an_attempt_that_is_stopped_loses_nothing_of_the_one_before(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "stopped-late"
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **HERE, mode="dialogue")
        begun = await socket.until_text(len(TOLD) + 12)
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    assert ANEW in followed.text
    generation = await Generation.objects.aget(pk=followed.generation["id"])
    assert (generation.status, generation.replacement) == ("stopped", TOLD)


async def test_without_chance_there_is_one_attempt(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL, settings.STORY_TEMPERATURE = "silent-ben", 0.0
    asked = len(model_server.chats("silent-ben"))
    generation = await rewritten(written, mode="dialogue")
    assert len(model_server.chats("silent-ben")) == asked + 1
    assert generation.replacement == TOLD


@pytest.mark.parametrize(
    "part",
    [
        " ".join(["Ben took the old lamp to the mill."] * 20),
        "Ben took the old lamp, lit it with care, and",
    ],
)
async def test_a_long_passage_or_a_part_of_a_sentence_is_not_asked_for_again(
    model_server: ScriptedServer, written: Story, settings: Settings, part: str
) -> None:
    settings.STORY_MODEL = "silent-ben"
    text = f"{part} went home when nobody came."
    await sync_to_async(library.save_text)(written, written.owner, text, 1)
    here = {"start": 0, "end": len(part), "version": 2, "selected": part, "mode": "expand"}
    asked = len(model_server.chats("silent-ben"))
    generation = await rewritten(written, **here)
    assert len(model_server.chats("silent-ben")) == asked + 1
    assert generation.replacement.startswith("Ben lit the old lamp")


async def test_a_long_story_is_shortened_for_the_model_and_the_review_says_so(
    model_server: ScriptedServer, written: Story
) -> None:
    long = "It rained again that day. " * 2000
    await sync_to_async(library.save_text)(written, written.owner, long + TEXT, 1)
    generation = await rewritten(
        written, start=len(long) + len(BEFORE), end=len(long) + END, version=2
    )
    review = await sync_to_async(rewrites.open_review)(await stored(written))
    assert review is not None
    context = review["tries"][0]["context"]
    assert 100 < context["before"] < context["before_of"] == words.count(long + BEFORE)
    assert context["after"] == context["after_of"]
    sent = model_server.chats("rewriter")[-1]["body"]["messages"]
    assert generation.prompt == sent[0]["content"]
    where = {"start": len(long) + len(BEFORE), "end": len(long) + END, "version": 2}
    await keep(written, generation, **where)
    assert (await stored(written)).text == long + BEFORE + WRITTEN + AFTER


async def test_what_the_server_counts_otherwise_is_sent_again_by_its_count(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "bytewise"
    long = "It rained again that day. " * 400
    await sync_to_async(library.save_text)(written, written.owner, long + TEXT, 1)
    where = {"start": len(long) + len(BEFORE), "end": len(long) + END, "version": 2}
    asked = len(model_server.chats("bytewise"))
    generation = await rewritten(written, **where)
    assert generation.status == "done"
    assert generation.replacement
    first, second = model_server.chats("bytewise")[asked:]
    sizes = [len(str(chat["body"]["messages"])) for chat in (first, second)]
    assert sizes[1] < sizes[0], "it is shown less of the story"


@pytest.mark.parametrize("selected", ["🏳️‍🌈 Zoë lit the lantern 👩‍👩‍👧.", "ver.", "Nobody", TEXT])
async def test_selections_anywhere(
    model_server: ScriptedServer, written: Story, selected: str
) -> None:
    start = TEXT.index(selected)
    end = start + len(selected)
    generation = await rewritten(written, start=start, end=end, selected=selected)
    await keep(written, generation, start=start, end=end, selected=selected)
    text = (await stored(written)).text
    assert text.startswith(TEXT[:start])
    assert text.endswith(TEXT[end:])
    assert text != TEXT


async def test_the_greeting_tells_what_is_pending(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written)
    async with StorySocket(written.owner, written.pk) as socket:
        hello = await socket.receive()
    assert (hello["id"], hello["decision"]) == (generation.pk, "pending")


async def test_a_new_story_lets_the_pending_rewrite_go(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    await rewritten(written)
    settings.STORY_MODEL = "steady"
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    assert await sync_to_async(rewrites.open_review)(await stored(written)) is None


async def test_nobody_else_rewrites_it(
    model_server: ScriptedServer, written: Story, charlie: User
) -> None:
    selection = Selection(START, END, 1, PASSAGE)
    with pytest.raises(Story.DoesNotExist):
        await sync_to_async(rewrites.open_rewrite)(written.pk, charlie, selection, Wish())
