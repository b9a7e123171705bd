"""A rewrite from the selection to Keep, over the socket and the pages, against a small server.

Whatever happens, what is outside of the selection stays as it is, byte for byte.
"""

import hashlib
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from pytest_django import Settings

from stories.history import library
from stories.history.versions import StoryBusyError, VersionConflictError
from stories.models import Generation, PreferencePair, Story, StoryVersion, User
from stories.writing import rewrites
from stories.writing.finishing import Outcome, finish
from stories.writing.requests import open_generation
from stories.writing.rewrites import NotPendingError, Selection, Wish
from tests.conftest import ScriptedServer
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = "🏳️‍🌈 Zoë lit the lantern 👩‍👩‍👧. שלום!\n\n"
PASSAGE = "Ben held the old map and looked at the sea, which was grey."
AFTER = " The road went down to the harbour.\n\nNobody came, e\u0301ver."
TEXT = BEFORE + PASSAGE + AFTER
WRITTEN = "A quiet wind crossed the yard, and Zoë 🙂 slept."
START, END = len(BEFORE), len(BEFORE) + len(PASSAGE)
HERE: dict[str, Any] = {"start": START, "end": END, "version": 1, "selected": PASSAGE}


@pytest.fixture
def written(story: Story, settings: Settings) -> Story:
    """Alice's story with a text, in front of a model that rewrites."""
    library.save_text(story, story.owner, TEXT, 0)
    settings.STORY_MODEL = "rewriter"
    return story


def outside(text: str) -> tuple[bytes, bytes]:
    """Return the bytes before and after what stands between `BEFORE` and `AFTER`."""
    return text[: len(BEFORE)].encode(), text[len(text) - len(AFTER) :].encode()


def check_outside(story: Story, version: int) -> None:
    """Hold the version against the text that it was made of: bytes and stored hashes."""
    row = StoryVersion.objects.get(story=story, number=version)
    before, after = outside(row.text)
    assert (before, after) == (BEFORE.encode(), AFTER.encode())
    assert row.before_hash == hashlib.sha256(before).hexdigest()
    assert row.after_hash == hashlib.sha256(after).hexdigest()


async def rewritten(story: Story, **changes: Any) -> Generation:
    """Let the model rewrite the passage to the end; return the stored row."""
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="rewrite", **{**HERE, **changes})
        followed = await socket.until_done()
    assert followed.errors == []
    return await Generation.objects.aget(pk=followed.generation["id"])


@sync_to_async
def keep(story: Story, generation: Generation, **changes: Any) -> int:
    """Keep the replacement."""
    here = {**HERE, **changes}
    where = Selection(here["start"], here["end"], here["version"], here["selected"])
    return rewrites.keep(Story.objects.get(pk=story.pk), story.owner, generation.pk, where)


@sync_to_async
def stored(story: Story) -> Story:
    """Return the story as it is stored."""
    return Story.objects.get(pk=story.pk)


async def test_a_rewrite_is_proposed_and_stored_only_at_keep(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written, instruction="Let it  be\nquiet.")
    assert generation.text.strip() == WRITTEN
    assert generation.replacement == WRITTEN
    assert (generation.decision, generation.status) == ("pending", "done")
    assert generation.instruction == "Let it be quiet."
    before = await stored(written)
    assert (before.text, before.version) == (TEXT, 1)
    assert await keep(written, generation) == 2
    after = await stored(written)
    assert after.text == BEFORE + WRITTEN + AFTER
    await sync_to_async(check_outside)(written, 2)
    await generation.arefresh_from_db()
    assert generation.decision == "kept"
    assert generation.report["max_words"] == 300


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


async def test_the_writer_edits_elsewhere_while_it_is_written(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "rewriter-slow"
    async with StorySocket(written.owner, written.pk) as socket:
        await socket.send(type="rewrite", **HERE)
        begun = await socket.until_text(8)
        edited = "In the morning: " + TEXT
        await sync_to_async(library.save_text)(written, written.owner, edited, 1)
        followed = await socket.until_done(begun)
    generation = await Generation.objects.aget(pk=followed.generation["id"])
    assert generation.replacement == WRITTEN
    review = await sync_to_async(rewrites.open_review)(await stored(written))
    assert review is not None
    shift = len("In the morning: ")
    assert (review["start"], review["end"]) == (START + shift, END + shift)
    with pytest.raises(VersionConflictError):
        await keep(written, generation)
    assert (await stored(written)).text == edited
    number = await keep(written, generation, start=review["start"], end=review["end"], version=2)
    assert (await stored(written)).text == "In the morning: " + BEFORE + WRITTEN + AFTER
    row = await StoryVersion.objects.aget(story=written, number=number)
    assert row.before_hash == hashlib.sha256(("In the morning: " + BEFORE).encode()).hexdigest()
    assert row.after_hash == hashlib.sha256(AFTER.encode()).hexdigest()


async def test_a_passage_that_was_changed_meanwhile_is_not_replaced(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written)
    changed = TEXT.replace("grey", "blue")
    await sync_to_async(library.save_text)(written, written.owner, changed, 1)
    review = await sync_to_async(rewrites.open_review)(await stored(written))
    assert review is not None
    assert review["start"] is None
    assert review["tries"][0]["text"] == WRITTEN
    for changes in ({"version": 2}, {"version": 2, "selected": PASSAGE.replace("grey", "blue")}):
        with pytest.raises(VersionConflictError):
            await keep(written, generation, **changes)
    assert (await stored(written)).text == changed


async def test_tries_are_kept_and_the_chosen_one_wins(
    model_server: ScriptedServer, written: Story, settings: Settings
) -> None:
    first = await rewritten(written)
    settings.STORY_MODEL = "steady"
    second = await rewritten(written, again=first.pk)
    third = await rewritten(written, again=second.pk)
    assert second.first_try_id == third.first_try_id == first.pk
    review = await sync_to_async(rewrites.open_review)(await stored(written))
    assert review is not None
    assert [found["id"] for found in review["tries"]] == [first.pk, second.pk, third.pk]
    assert await keep(written, first) == 2
    assert (await stored(written)).text == BEFORE + WRITTEN + AFTER
    decisions = Generation.objects.order_by("pk").values_list("decision", flat=True)
    assert [decision async for decision in decisions] == ["kept", "discarded", "discarded"]
    pairs = PreferencePair.objects.order_by("pk").values_list("source", "chosen", "rejected")
    assert [pair async for pair in pairs] == [
        ("passage", WRITTEN, PASSAGE),
        ("try", WRITTEN, second.replacement),
    ]
    with pytest.raises(NotPendingError):
        await keep(written, second)
    with pytest.raises(NotPendingError):
        await keep(written, first)
    assert (await stored(written)).version == 2


async def test_another_passage_lets_the_pending_one_go(
    model_server: ScriptedServer, written: Story
) -> None:
    first = await rewritten(written)
    second = await rewritten(written, start=END + 1, end=len(TEXT), selected=AFTER[1:])
    await first.arefresh_from_db()
    assert (first.decision, second.decision) == ("discarded", "pending")
    assert second.first_try_id is None


async def test_discard_leaves_the_version_untouched(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written)
    await sync_to_async(rewrites.discard)(written)
    fresh = await stored(written)
    assert (fresh.text, fresh.version) == (TEXT, 1)
    with pytest.raises(NotPendingError):
        await keep(written, generation)
    assert await sync_to_async(rewrites.open_review)(fresh) is None


async def test_only_one_of_two_keeps_wins(model_server: ScriptedServer, written: Story) -> None:
    first = await rewritten(written)
    second = await rewritten(written, again=first.pk)
    assert await keep(written, second) == 2
    with pytest.raises(NotPendingError):
        await keep(written, first)
    assert await StoryVersion.objects.filter(story=written).acount() == 2


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
    assert 100 < context["before"] < context["before_of"] == len((long + BEFORE).split())
    assert context["after"] == context["after_of"]
    sent = model_server.chats("rewriter")[-1]["body"]["messages"]
    assert generation.prompt == sent[0]["content"]
    where = {"start": len(long) + len(BEFORE), "end": len(long) + END, "version": 2}
    await keep(written, generation, **where)
    assert (await stored(written)).text == long + BEFORE + WRITTEN + AFTER


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


async def test_a_keep_that_fails_half_way_changes_nothing(
    model_server: ScriptedServer, written: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = await rewritten(written)

    def fail(_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("stories.history.preferences.record_kept_replacement", fail)
    with pytest.raises(RuntimeError):
        await keep(written, generation)
    assert transaction.get_connection().in_atomic_block is False
    fresh = await stored(written)
    assert (fresh.text, fresh.version) == (TEXT, 1)
    await generation.arefresh_from_db()
    assert generation.decision == "pending"


async def test_nothing_is_kept_while_the_story_itself_is_written(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written)
    writing = await sync_to_async(open_generation)(
        written.pk, written.owner, Generation.Kind.CONTINUE
    )
    with pytest.raises(StoryBusyError):
        await keep(written, generation)
    assert await sync_to_async(finish)(writing, Outcome(Generation.Status.DONE, " More."))
    fresh = await stored(written)
    assert fresh.text == TEXT + " More."
