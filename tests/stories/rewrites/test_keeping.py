"""Keep or Discard: whatever happens, what is outside of the selection stays, byte for byte."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from pytest_django import Settings

import modelserver
from modelserver import Server
from prose.splice import hashes
from stories.errors import Refused
from stories.history import library
from stories.history.versions import StoryBusyError, VersionConflictError
from stories.models import Generation, PreferencePair, Story, StoryVersion, User
from stories.writing import rewrites
from stories.writing.finishing import Outcome, finish
from stories.writing.opening import open_generation
from tests.conftest import ScriptedServer
from tests.support import places
from tests.support.pocket import pocket
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


STORIES, REWRITES = 10, 50


def check_outside(story: Story, version: int) -> None:
    """Hold the version against the text that it was made of: bytes and stored hashes."""
    row = StoryVersion.objects.get(story=story, number=version)
    before, after = outside(row.text)
    assert (before, after) == (BEFORE.encode(), AFTER.encode())
    assert row.before_hash == hashlib.sha256(before).hexdigest()
    assert row.after_hash == hashlib.sha256(after).hexdigest()


def outside(text: str) -> tuple[bytes, bytes]:
    """Return the bytes before and after what stands between `BEFORE` and `AFTER`."""
    return text[: len(BEFORE)].encode(), text[len(text) - len(AFTER) :].encode()


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
    with pytest.raises(Refused, match="decided on already"):
        await keep(written, second)
    with pytest.raises(Refused, match="decided on already"):
        await keep(written, first)
    assert (await stored(written)).version == 2


async def test_discard_leaves_the_version_untouched(
    model_server: ScriptedServer, written: Story
) -> None:
    generation = await rewritten(written)
    await sync_to_async(rewrites.discard)(written)
    fresh = await stored(written)
    assert (fresh.text, fresh.version) == (TEXT, 1)
    with pytest.raises(Refused, match="decided on already"):
        await keep(written, generation)
    assert await sync_to_async(rewrites.open_review)(fresh) is None


async def test_only_one_of_two_keeps_wins(model_server: ScriptedServer, written: Story) -> None:
    first = await rewritten(written)
    second = await rewritten(written, again=first.pk)
    assert await keep(written, second) == 2
    with pytest.raises(Refused, match="decided on already"):
        await keep(written, first)
    assert await StoryVersion.objects.filter(story=written).acount() == 2


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


# ---- Fifty at random places of ten stories, all written by the shipped model ----


@pytest.fixture
def pocket_writes(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """Let pocket be the model server."""
    with pocket(tmp_path) as url:
        settings.MODEL_SERVER, settings.STORY_MODEL = Server.at(url), "pocket"
        settings.GENERATIONS_PER_MINUTE = 0  # nobody rewrites fifty times a minute
        yield


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("pocket_writes")
async def test_fifty_rewrites_leave_all_else_as_it_is(alice: User) -> None:
    rng = random.Random(7)
    stories = [await places.write_story(alice, number, 120) for number in range(STORIES)]
    changed = 0
    for number in range(REWRITES):
        story = stories[number % STORIES]
        done = await places.rewrite(story, places.sentences(story.text, rng))
        assert done.is_identical_outside, done
        if done.kept == done.text:
            continue
        changed += 1
        before, after = len(done.passage.before), len(done.text) - len(done.passage.after)
        row = await StoryVersion.objects.aget(story=story, number=story.version)
        assert (row.before_hash, row.after_hash) == hashes(done.text, before, after)
    assert changed > REWRITES / 2, "the model has to write something for this to show anything"
    await modelserver.close()
