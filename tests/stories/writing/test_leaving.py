"""Who leaves the line before their turn: stopped, deleted, or with a process that died."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from stories import tasks
from stories.history import library
from stories.history.versions import StoryBusyError
from stories.models import Generation, User
from stories.writing import rewrites
from stories.writing.finishing import Outcome, finish
from stories.writing.line import Place, place_of
from stories.writing.recovery import ABANDONED_AFTER, UNADOPTED_AFTER, recover_abandoned
from stories.writing.rewrite_request import rewrite_of
from tests.support.queueing import Process, end, grow_silent, new_story, running

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
    rewrite = rewrites.open_rewrite(story.pk, story.owner, selection, rewrites.Wish())
    waiting = rewrite.generation
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
    rewrite = rewrites.open_rewrite(story.pk, story.owner, selection, rewrites.Wish())
    waiting = rewrite.generation
    library.save_text(story, story.owner, "Ben came. It rained. Anna slept.", 1)
    grow_silent(waiting, ABANDONED_AFTER + 1)
    [adopted] = other.look().adopted
    taken_over = rewrite_of(adopted)
    assert taken_over.passage == rewrite.passage
    assert taken_over.passage.after == " Anna slept."


def test_a_moved_clock_frees_no_slot_and_moves_nobody(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stories.writing.recovery.CONFIRMED_AFTER", 3.0)
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
