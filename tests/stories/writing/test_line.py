"""Whose turn it is: fair over writers, bounded, one at a time each; nothing dies with a process."""

import random

import pytest
from pytest_django import Settings

from stories.history import library
from stories.models import Generation
from stories.writing import rewrites
from stories.writing.line import Place, QueueFullError, place_of
from stories.writing.opening import _open_at_once, _Wanted
from tests.support.queueing import Process, end, keep_alive, new_story, running, served

pytestmark = pytest.mark.django_db(transaction=True)

Status = Generation.Status


@pytest.fixture(autouse=True)
def one_slot(settings: Settings) -> None:
    """The model server writes one story at a time, unless a test says otherwise."""
    settings.GENERATION_SLOTS = 1


@pytest.fixture(autouse=True)
def quickly_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look is enough to take a process for dead."""
    monkeypatch.setattr("stories.writing.recovery.CONFIRMED_AFTER", 0.0)


@pytest.fixture
def process() -> Process:
    """A web process."""
    return Process()


# ---- Slots and places ----


def test_a_free_slot_is_taken_at_once(process: Process, settings: Settings) -> None:
    settings.GENERATION_SLOTS = 2
    first, second, third = (process.ask(writer) for writer in ("anna", "ben", "chloe"))
    assert [first.status, second.status, third.status] == ["running", "running", "queued"]
    assert first.started_at is not None
    assert third.started_at is None
    assert place_of(third.pk) == Place(1, after_own=False)
    assert place_of(first.pk) is None
    end(first)
    assert process.look().turns == {third.pk}
    third.refresh_from_db()
    assert third.status == Status.RUNNING
    assert third.started_at is not None


def test_a_writer_has_one_at_a_time(process: Process, settings: Settings) -> None:
    settings.GENERATION_SLOTS = 4
    first, second = process.ask("anna"), process.ask("anna")
    assert second.status == Status.QUEUED
    assert place_of(second.pk) == Place(1, after_own=True)
    assert process.look().turns == set()
    assert process.ask("ben").status == Status.RUNNING, "what waits for its own delays nobody"
    end(first)
    assert process.look().turns == {second.pk}


def test_many_at_once_get_slots_and_places_as_they_asked(settings: Settings) -> None:
    settings.GENERATION_SLOTS = 4
    settings.QUEUE_LIMIT = 40
    stories = [new_story(f"writer-{number}") for number in range(50)]
    wanted = [_Wanted(story.pk, story.owner, Generation.Kind.WRITE, "", "en") for story in stories]
    opened = _open_at_once(wanted)
    rows = [each for each in opened if isinstance(each, Generation)]
    assert [row.status for row in rows] == ["running"] * 4 + ["queued"] * 40
    assert [type(each) for each in opened[44:]] == [QueueFullError] * 6
    assert [place_of(row.pk) for row in rows[4:]] == [Place(n, False) for n in range(1, 41)]


def test_nobody_slips_in_before_those_who_wait(process: Process) -> None:
    first, second = process.ask("anna"), process.ask("ben")
    end(first)
    # Ben's process has not looked yet.
    assert process.ask("chloe").status == Status.QUEUED
    assert process.look().turns == {second.pk}


# ---- Fairness ----


def test_who_asks_for_five_delays_nobody_who_asks_for_one(process: Process) -> None:
    for writer in ("anna", "anna", "anna", "anna", "anna", "ben", "chloe", "ben"):
        process.ask(writer)
    order = ["anna", "ben", "chloe", "anna", "ben", "anna", "anna", "anna"]
    assert list(served(process)) == order


def test_a_writers_own_come_as_they_were_asked_for(process: Process) -> None:
    asked = [process.ask("anna") for _ in range(4)]
    for generation in asked:
        assert running() == [generation]
        end(generation)
        process.look()


def test_who_comes_later_waits_behind_who_has_waited(process: Process) -> None:
    process.ask("anna")
    process.ask("ben")
    anna_again = process.ask("anna")
    end(running()[0])
    process.look()  # Ben's turn; Anna waits since now
    newcomer = process.ask("chloe")
    assert place_of(anna_again.pk) == Place(1, after_own=False)
    assert place_of(newcomer.pk) == Place(2, after_own=False)
    assert list(served(process)) == ["ben", "anna", "chloe"]


def test_the_places_are_those_in_which_they_are_served(process: Process) -> None:
    for writer in ("anna", "anna", "ben", "chloe", "chloe", "anna", "ben", "dora"):
        process.ask(writer)
    foretold = sorted(process.waiting, key=lambda number: place_of(number) or Place(0, False))
    for number in foretold:
        end(running()[0])
        assert process.look().turns == {number}


@pytest.mark.parametrize("seed", range(6))
def test_nobody_is_overtaken_twice(process: Process, settings: Settings, seed: int) -> None:
    """However they ask: while a writer waits, each other one begins once at most."""
    settings.GENERATION_SLOTS, settings.QUEUE_LIMIT = 2, 1000
    rng = random.Random(seed)
    overtaken: dict[str, list[str]] = {}  # who waits for a slot -> who begins meanwhile
    for _ in range(80):
        if rng.random() < 0.6 and len(process.waiting) < 20:
            process.ask(rng.choice(["anna"] * 8 + ["ben"] * 3 + ["chloe", "dora"]))
        elif now := running():
            end(rng.choice(now))
        keep_alive()
        turns = process.look().turns
        begun = [row.story.owner.username for row in running() if row.pk in turns]
        writing = [row.story.owner.username for row in running()]
        assert len(set(writing)) == len(writing) <= 2
        waiting = Generation.objects.filter(pk__in=process.waiting)
        idle = {*waiting.values_list("story__owner__username", flat=True)} - {*writing}
        overtaken = {writer: overtaken.get(writer, []) + begun for writer in idle}
        for others in overtaken.values():
            assert len(set(others)) == len(others)


# ---- The end of the line ----


def test_past_the_limit_it_is_refused_and_nothing_is_lost(
    process: Process, settings: Settings
) -> None:
    settings.QUEUE_LIMIT = 2
    for writer in ("anna", "ben", "chloe"):
        process.ask(writer)
    story = new_story("dora")
    text = "It rained. Anna slept all day. Nobody came."
    library.save_text(story, story.owner, text, 0)
    pending = Generation.objects.create(
        story=story,
        settings=story.settings,
        kind=Generation.Kind.REWRITE,
        status=Status.DONE,
        decision=Generation.Decision.PENDING,
        seed=1,
        replacement="Anna woke.",
    )
    selection = rewrites.Selection(0, 10, 1, "It rained.")
    with pytest.raises(QueueFullError) as refused:
        rewrites.open_rewrite(story.pk, story.owner, selection, rewrites.Wish())
    assert refused.value.code == "queue_full"
    assert "Nothing is lost" in str(refused.value)
    pending.refresh_from_db()
    assert pending.decision == Generation.Decision.PENDING
    assert story.generations.count() == 1
    end(running()[0])
    process.look()
    assert process.ask("dora").status == Status.QUEUED


def test_without_places_it_is_a_slot_or_nothing(process: Process, settings: Settings) -> None:
    settings.QUEUE_LIMIT = 0
    process.ask("anna")
    with pytest.raises(QueueFullError):
        process.ask("ben")


def test_one_writer_does_not_take_all_places(process: Process, settings: Settings) -> None:
    settings.QUEUE_LIMIT = 8
    for _ in range(3):
        process.ask("anna")
    with pytest.raises(QueueFullError, match="2 of your stories"):
        process.ask("anna")
    assert process.ask("ben").status == Status.QUEUED
