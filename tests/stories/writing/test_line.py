"""Whose turn it is: fair over writers, bounded, one at a time each; nothing dies with a process."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from stories import tasks
from stories.history import library
from stories.history.versions import StoryBusyError
from stories.models import Generation, Story, User
from stories.writing import rewrites
from stories.writing.finishing import Outcome, finish
from stories.writing.line import Place, QueueFullError, Standing, advance, place_of
from stories.writing.opening import _open_at_once, _Wanted
from stories.writing.recovery import ABANDONED_AFTER, UNADOPTED_AFTER, recover_abandoned
from stories.writing.requests import open_generation
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db(transaction=True)

Status = Generation.Status


@pytest.fixture(autouse=True)
def one_slot(settings: Settings) -> None:
    """The model server writes one story at a time, unless a test says otherwise."""
    settings.GENERATION_SLOTS = 1


@pytest.fixture(autouse=True)
def quickly_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look is enough to take a process for dead."""
    monkeypatch.setattr("stories.writing.heartbeats.CONFIRMED_AFTER", 0.0)


def new_story(writer: str) -> Story:
    """Return a new story of the writer of that name."""
    user, _ = User.objects.get_or_create(username=writer)
    return library.create_story(user, story_settings())


class Process:
    """A web process, as far as the queue sees it."""

    def __init__(self) -> None:
        self.waiting: dict[int, str] = {}
        self.adopted: list[Generation] = []

    def ask(self, writer: str, story: Story | None = None) -> Generation:
        """Let `writer` ask for a story."""
        story = story or new_story(writer)
        generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
        if generation.status == Status.QUEUED:
            self.waiting[generation.pk] = generation.runner
        return generation

    def look(self) -> Standing:
        """Look at the queue and do what it says."""
        standing = advance(self.waiting)
        self.adopted += standing.adopted
        self.waiting |= {generation.pk: generation.runner for generation in standing.adopted}
        for number in standing.turns | standing.gone:
            del self.waiting[number]
        return standing


@pytest.fixture
def process() -> Process:
    """A web process."""
    return Process()


def running() -> list[Generation]:
    """Return those that are being written, the oldest first."""
    found = Generation.objects.filter(status=Status.RUNNING).select_related("story__owner")
    return list(found.order_by("pk"))


def end(generation: Generation) -> None:
    """Let the writing of `generation` come to its end."""
    generation.refresh_from_db()
    assert finish(generation, Outcome(Status.DONE, "The end."))


def served(process: Process) -> Iterator[str]:
    """Yield whose stories are written, one after the other, until nobody waits."""
    while process.waiting or running():
        [now] = running()
        yield now.story.owner.username
        end(now)
        process.look()


def grow_silent(generation: Generation, seconds: float) -> None:
    """Let the process of `generation` have died `seconds` ago."""
    long_ago = timezone.now() - timedelta(seconds=seconds)
    Generation.objects.filter(pk=generation.pk).update(heartbeat_at=long_ago)


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
    wanted = [_Wanted(story.pk, story.owner, Generation.Kind.WRITE) for story in stories]
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


# ---- Stop ----


def test_stop_in_the_queue_takes_effect_at_once(process: Process) -> None:
    process.ask("anna")
    waiting, behind = process.ask("ben"), process.ask("chloe")
    assert Generation.objects.filter(pk=waiting.pk).request_stop() == 1
    waiting.refresh_from_db()
    assert waiting.status == Status.STOPPED
    assert waiting.finished_at is not None
    assert place_of(behind.pk) == Place(1, after_own=False)
    standing = process.look()
    assert standing.gone == {waiting.pk}
    library.save_text(waiting.story, waiting.story.owner, "Mine.", 0)  # free to be edited


def test_a_storm_of_stops_leaves_nothing(process: Process, settings: Settings) -> None:
    settings.GENERATION_SLOTS = 3
    asked = [process.ask(f"writer-{number}") for number in range(12)]
    for generation in random.Random(1).sample(asked, 12):
        Generation.objects.filter(pk=generation.pk).request_stop()
        process.look()
    for generation in running():
        assert generation.stop_requested
        assert finish(generation, Outcome(Status.STOPPED, ""))
    assert not process.look().turns
    assert not Generation.objects.active().exists()


def test_a_queued_rewrite_that_is_stopped_leaves_nothing_to_decide(process: Process) -> None:
    process.ask("anna")
    story = new_story("ben")
    library.save_text(story, story.owner, "It rained. Anna slept.", 0)
    selection = rewrites.Selection(0, 10, 1, "It rained.")
    waiting = rewrites.open_rewrite(story.pk, story.owner, selection, rewrites.Wish())
    assert waiting.status == Status.QUEUED
    assert place_of(waiting.pk) == Place(1, after_own=False)
    assert story.generations.request_stop() == 1
    assert rewrites.open_review(story) is None


def test_deleting_a_story_takes_it_out(process: Process) -> None:
    first, waiting = process.ask("anna"), process.ask("ben")
    library.delete_story(waiting.story)
    end(first)
    standing = process.look()
    assert standing.gone == {waiting.pk}
    assert running() == []


def test_deleting_an_account_takes_it_out(process: Process) -> None:
    first, waiting, behind = (process.ask(writer) for writer in ("anna", "ben", "chloe"))
    User.objects.get(username="ben").delete()
    end(first)
    standing = process.look()
    assert standing.gone == {waiting.pk}
    assert standing.turns == {behind.pk}


def test_a_queued_story_is_not_edited_meanwhile(process: Process) -> None:
    process.ask("anna")
    waiting = process.ask("ben")
    with pytest.raises(StoryBusyError):
        library.save_text(waiting.story, waiting.story.owner, "Mine.", 0)
    with pytest.raises(StoryBusyError):
        process.ask("ben", waiting.story)


# ---- Dead processes ----


def test_a_look_keeps_what_waits_alive(process: Process) -> None:
    process.ask("anna")
    waiting = process.ask("ben")
    grow_silent(waiting, 2 * ABANDONED_AFTER)
    process.look()
    waiting.refresh_from_db()
    assert waiting.heartbeat_at > timezone.now() - timedelta(seconds=ABANDONED_AFTER / 2)
    assert Process().look().adopted == []


def test_the_slot_of_a_dead_process_is_free(process: Process) -> None:
    dead, waiting = process.ask("anna"), process.ask("ben")
    grow_silent(dead, ABANDONED_AFTER - 2)
    assert process.look().turns == set()
    grow_silent(dead, ABANDONED_AFTER + 1)
    assert process.look().turns == {waiting.pk}
    assert recover_abandoned() == 1
    dead.refresh_from_db()
    assert dead.status == Status.INTERRUPTED


def test_what_waits_in_a_dead_process_keeps_its_place_in_another(process: Process) -> None:
    dying, other = process, Process()
    first = other.ask("anna")
    orphan = dying.ask("ben")
    behind = other.ask("chloe")
    grow_silent(orphan, ABANDONED_AFTER + 1)
    assert [adopted.pk for adopted in other.look().adopted] == [orphan.pk]
    assert place_of(orphan.pk) == Place(1, after_own=False)
    assert place_of(behind.pk) == Place(2, after_own=False)
    end(first)
    assert other.look().turns == {orphan.pk}
    assert dying.look().gone == {orphan.pk}, "a process that was only slow lets go of it"


def test_one_whose_process_died_at_its_turn_is_adopted_too(process: Process) -> None:
    dying, other = process, Process()
    first, orphan = other.ask("anna"), dying.ask("ben")
    end(first)
    other.look()
    orphan.refresh_from_db()
    assert (orphan.status, orphan.started_at) == (Status.RUNNING, None)
    assert other.ask("chloe").status == Status.QUEUED, "its slot is its own for a while"
    assert recover_abandoned() == 0
    grow_silent(orphan, ABANDONED_AFTER + 1)
    standing = other.look()
    assert [adopted.pk for adopted in standing.adopted] == [orphan.pk]
    assert standing.turns == {orphan.pk}


def test_an_adopted_one_goes_on_from_the_text_that_it_was_opened_with(process: Process) -> None:
    other = Process()
    other.ask("anna")
    story = new_story("ben")
    library.save_text(story, story.owner, "It rained. Anna slept.", 0)
    selection = rewrites.Selection(0, 10, 1, "It rained.")
    waiting = rewrites.open_rewrite(story.pk, story.owner, selection, rewrites.Wish())
    library.save_text(story, story.owner, "Ben came. It rained. Anna slept.", 1)
    grow_silent(waiting, ABANDONED_AFTER + 1)
    [adopted] = other.look().adopted
    assert adopted.story.text == "It rained. Anna slept."


def test_a_moved_clock_frees_no_slot_and_moves_nobody(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stories.writing.heartbeats.CONFIRMED_AFTER", 3.0)
    other = Process()
    for writer in ("anna", "ben"):
        process.ask(writer)
    for hours in (1, -1):
        for generation in Generation.objects.all():
            grow_silent(generation, hours * 3600)
        assert other.ask(f"writer-{hours}").status == Status.QUEUED
        assert other.look() == process.look()._replace(turns=set(), gone=set())
        assert recover_abandoned() == 0
    assert len(running()) == 1
    assert other.adopted == []


def test_what_no_process_takes_over_is_closed_truthfully(process: Process) -> None:
    process.ask("anna")
    waiting = process.ask("ben")
    grow_silent(waiting, ABANDONED_AFTER + 1)
    assert tasks.recover_abandoned_generations() == 0
    grow_silent(waiting, UNADOPTED_AFTER + 1)
    assert tasks.recover_abandoned_generations() == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error_code) == (Status.INTERRUPTED, "interrupted")
    assert "Nothing was written" in waiting.error_message
    assert process.look().gone == {waiting.pk}
