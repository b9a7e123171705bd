"""Generations whose process died: closed with all the text there is, and nobody else's is."""

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from stories import tasks
from stories.history import library
from stories.history.versions import MAX_TEXT_LENGTH, StoryBusyError, add_version
from stories.models import Generation, Story, StoryVersion, User
from stories.writing import opening, recovery, rewrites
from stories.writing.finishing import Outcome, finish, reclaim
from stories.writing.textlog import Piece, get_text_log
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one look do, where two are not what a test is about."""
    monkeypatch.setattr("stories.writing.recovery.CONFIRMED_AFTER", 0.0)


def abandoned(story: Story, kind: Generation.Kind, text: str) -> Generation:
    """Return a generation of a process that died a minute ago, checkpointed at `text`."""
    generation = opening.open_generation(story.pk, story.owner, kind)
    long_ago = timezone.now() - timedelta(minutes=1)
    Generation.objects.filter(pk=generation.pk).update(text=text, heartbeat_at=long_ago)
    return generation


def test_the_checkpoint_becomes_a_version(story: Story) -> None:
    generation = abandoned(story, Generation.Kind.WRITE, "Once upon")
    assert tasks.recover_abandoned_generations() == 1
    generation.refresh_from_db()
    story.refresh_from_db()
    assert generation.status == Generation.Status.INTERRUPTED
    assert generation.error_code == "interrupted"
    assert story.text == "Once upon"
    assert recovery.recover_abandoned() == 0


def test_a_log_that_got_further_counts(story: Story) -> None:
    generation = abandoned(story, Generation.Kind.WRITE, "Once upon")
    log = get_text_log()

    async def write() -> None:
        await log.begin(generation.pk)
        await log.append(generation.pk, Piece(0, "Once upon a time"))

    async_to_sync(write)()
    recovery.recover_abandoned(story)
    story.refresh_from_db()
    assert story.text == "Once upon a time"


def test_a_continuation_is_added_to_its_base(story: Story) -> None:
    library.save_text(story, story.owner, "Anna slept.", 0)
    abandoned(story, Generation.Kind.CONTINUE, " Then she")
    recovery.recover_abandoned(story)
    story.refresh_from_db()
    assert story.text == "Anna slept. Then she"
    assert story.version == 2


def test_a_rewrite_is_offered_as_far_as_it_got(story: Story) -> None:
    text = "It rained. Anna slept all day. Nobody came."
    library.save_text(story, story.owner, text, 0)
    selection = rewrites.Selection(11, 30, 1, "Anna slept all day.")
    rewrite = rewrites.open_rewrite(story.pk, story.owner, selection, rewrites.Wish())
    generation = rewrite.generation
    long_ago = timezone.now() - timedelta(minutes=1)
    Generation.objects.filter(pk=generation.pk).update(
        text=" Anna woke. Then she", heartbeat_at=long_ago
    )
    recovery.recover_abandoned(story)
    story.refresh_from_db()
    assert (story.text, story.version) == (text, 1)
    review = rewrites.open_review(story)
    assert review is not None
    assert review["tries"][0]["text"] == "Anna woke."
    assert review["tries"][0]["status"] == "interrupted"
    generation.refresh_from_db()
    assert generation.prompt == rewrite.full_prompt(), "what is kept is an answer to something"


def test_one_without_text_leaves_no_version(story: Story) -> None:
    abandoned(story, Generation.Kind.WRITE, "")
    recovery.recover_abandoned(story)
    story.refresh_from_db()
    assert story.version == 0
    assert not story.generations.active().exists()


def test_a_live_one_is_left_alone(story: Story) -> None:
    generation = opening.open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert recovery.recover_abandoned() == 0
    with pytest.raises(StoryBusyError):
        library.save_text(story, story.owner, "mine", 0)
    with pytest.raises(StoryBusyError):
        opening.open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert finish(generation, Outcome(Generation.Status.DONE, "The end."))


def test_a_runner_that_comes_back_late_changes_nothing(story: Story) -> None:
    generation = abandoned(story, Generation.Kind.WRITE, "Once")
    recovery.recover_abandoned()
    assert not finish(generation, Outcome(Generation.Status.DONE, "Once upon a time."))
    story.refresh_from_db()
    assert story.text == "Once"


def test_a_sign_of_life_after_the_look_leaves_it_alone(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = abandoned(story, Generation.Kind.WRITE, "Once upon")
    take_over = recovery._take_over

    def late(found: Generation) -> bool:
        Generation.objects.filter(pk=generation.pk).update(heartbeat_at=timezone.now())
        return take_over(found)

    monkeypatch.setattr(recovery, "_take_over", late)
    assert recovery.recover_abandoned(story) == 0
    generation.refresh_from_db()
    assert generation.status == Generation.Status.RUNNING


def test_one_that_can_not_be_closed_keeps_no_other_from_it(
    story: Story, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = library.create_story(charlie, story_settings())
    abandoned(stuck, Generation.Kind.WRITE, "No end")
    abandoned(story, Generation.Kind.WRITE, "Once upon")

    def faulty(generation: Generation, outcome: Outcome) -> bool:
        if generation.story_id == stuck.pk:
            raise UnicodeEncodeError("utf-8", "", 0, 1, "surrogates not allowed")
        return finish(generation, outcome)

    monkeypatch.setattr(recovery, "finish", faulty)
    assert recovery.recover_abandoned() == 1
    story.refresh_from_db()
    assert story.text == "Once upon"


@pytest.mark.parametrize("kind", [Generation.Kind.WRITE, Generation.Kind.CONTINUE])
def test_more_than_a_story_can_have_is_closed_and_none_of_it_lost(
    story: Story, kind: Generation.Kind
) -> None:
    library.save_text(story, story.owner, "Anna slept.", 0)
    text = ("x" * 99 + ".") * (MAX_TEXT_LENGTH // 100) + "!"
    generation = abandoned(story, kind, text)
    assert recovery.recover_abandoned(story) == 1
    story.refresh_from_db()
    generation.refresh_from_db()
    assert len(story.text) == MAX_TEXT_LENGTH
    assert generation.text == text


@pytest.mark.parametrize("kind", [Generation.Kind.WRITE, Generation.Kind.CONTINUE])
def test_a_story_that_moved_on_all_the_same_keeps_both_texts(
    story: Story, kind: Generation.Kind
) -> None:
    library.save_text(story, story.owner, "Anna slept.", 0)
    generation = abandoned(story, kind, " Then she")
    # No code of ours does this; a story that is locked for good would be the price of a mistake.
    add_version(story, "Anna woke.", StoryVersion.Origin.EDIT, expected_version=1)
    assert recovery.recover_abandoned(story) == 1
    story.refresh_from_db()
    generation.refresh_from_db()
    assert story.text == "Anna woke."
    assert generation.error_code == "conflict"
    newest = story.versions.order_by("-number")[0]
    assert newest.text.endswith("Then she")
    assert newest.text.startswith("Anna slept.") == (kind == Generation.Kind.CONTINUE)
    assert library.save_text(story, story.owner, "Anna rose.", story.version) == 4


def test_who_was_taken_for_dead_and_has_more_loses_nothing(story: Story) -> None:
    generation = abandoned(story, Generation.Kind.WRITE, "Once upon")
    assert recovery.recover_abandoned(story) == 1
    for text in ("Once", "Once upon\n"):
        assert not reclaim(generation, Outcome(Generation.Status.STOPPED, text))
    outcome = Outcome(Generation.Status.DONE, "Once upon a time")
    assert not finish(generation, outcome)
    assert reclaim(generation, outcome)
    assert finish(generation, outcome)
    generation.refresh_from_db()
    story.refresh_from_db()
    assert (generation.status, generation.error_code) == ("done", "conflict")
    assert story.text == "Once upon"
    assert story.versions.order_by("number").last().text == "Once upon a time"  # type: ignore[union-attr]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_moved_clock_interrupts_nobody(
    story: Story, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The first look after the jump finds every heartbeat an hour away; the next one has moved."""
    monkeypatch.setattr("stories.writing.recovery.CONFIRMED_AFTER", 0.2)
    generation = opening.open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    row = Generation.objects.filter(pk=generation.pk)
    away = timezone.now() - timedelta(hours=hours)
    for beat in range(3):
        row.update(heartbeat_at=away + timedelta(seconds=beat))
        assert recovery.recover_abandoned(story) == 0
        time.sleep(0.3)
    # Whose heart does not beat any more is dead by any clock.
    assert recovery.recover_abandoned(story) == 1


# ---- Who is dead ----

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Row(NamedTuple):
    pk: int
    runner: str = "somebody"
    heartbeat_at: datetime = NOON


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock's only entry is its time; the second look is the one that counts."""
    now = [1000.0]
    monkeypatch.setattr(recovery, "CONFIRMED_AFTER", 3.0)
    monkeypatch.setattr(recovery, "_looks", {})
    monkeypatch.setattr("stories.writing.recovery.time.monotonic", lambda: now[0])
    return now


def test_a_heartbeat_that_stands_still_is_dead_at_the_second_look(clock: list[float]) -> None:
    row = Row(1)
    assert not recovery.is_still(row)
    clock[0] += recovery.CONFIRMED_AFTER - 0.1
    assert not recovery.is_still(row)
    clock[0] += 0.2
    assert recovery.is_still(row)
    for _ in range(100):  # and stays so, however long it is looked at
        clock[0] += 15
        assert recovery.is_still(row)
    assert not recovery.is_still(row._replace(runner="another"))


def test_a_clock_that_is_off_leaves_one_entry_a_row(clock: list[float]) -> None:
    for second in range(500):
        clock[0] += 1
        for number in range(3):
            beat = NOON + timedelta(seconds=second)
            assert not recovery.is_still(Row(number, heartbeat_at=beat))
    assert len(recovery._looks) == 3
    clock[0] += 1000
    assert not recovery.is_still(Row(9))
    assert len(recovery._looks) == 1


def test_what_this_process_writes_is_alive(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "alive", {"somebody"})
    assert not recovery.is_still(Row(1))
    clock[0] += 60
    assert not recovery.is_still(Row(1))
