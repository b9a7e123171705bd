"""A run through its states: one at a time, taken once, recovered, resumed, ended in sentences."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from finetuning import driver, tasks
from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import write_json
from finetuning.recipes import RECIPES, Recipe
from finetuning.services import lineage, states
from stories.history import library
from stories.history.provenance import settings_behind
from stories.models import Curation, Generation, Story, User
from stories.writing.finishing import Outcome, finish
from stories.writing.opening import open_generation
from tests.conftest import story_settings
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db
State = TrainingRun.State


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.STORY_MODEL = "pocket"
    settings.TRAIN_PYTHON = settings.TRAIN_PYTHON or "python3"


def start(recipe: Recipe = TINY) -> TrainingRun:
    return states.start(recipe, TrainingRun.Origin.ADMIN)


def taken() -> TrainingRun:
    run = states.claim(start().pk)
    assert run is not None
    return run


def let_lease_run_out(run: TrainingRun) -> None:
    past = timezone.now() - timedelta(seconds=1)
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=past)


# ---- Starting ----


def test_one_run_at_a_time() -> None:
    first = start()
    with pytest.raises(states.AlreadyRunningError):
        start()
    states.cancel(first)
    start()
    assert TrainingRun.objects.active().count() == 1


def test_without_an_environment_nothing_starts(settings: Settings) -> None:
    settings.TRAIN_PYTHON = ""
    settings.REDIS_URL = ""
    with pytest.raises(states.CannotStartError, match="make train-env"):
        start()


def test_a_machine_without_a_trainer_leaves_a_run_to_another_one(settings: Settings) -> None:
    settings.TRAIN_PYTHON, settings.REDIS_URL = "", "redis://127.0.0.1:1/0"
    run = start()
    tasks.train(run.pk)
    run.refresh_from_db()
    assert (run.state, run.runner) == ("queued", "")
    with pytest.raises(CommandError, match="make train-env"):
        call_command("finetune", recipe="pocket")


def test_without_room_on_the_disk_nothing_starts() -> None:
    greedy = Recipe.from_dict({**TINY.to_dict(), "disk": 1e9})
    with pytest.raises(states.CannotStartError, match="free disk space"):
        start(greedy)
    assert not TrainingRun.objects.exists()


def test_a_disk_that_filled_up_fails_the_run(curator: User) -> None:
    run = taken()
    run.recipe = {**run.recipe, "disk": 1e9}
    driver.drive(run)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "free disk space" in run.error


# ---- Taking ----


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_delivered_often_is_taken_once() -> None:
    run = start()
    taken_by: list[TrainingRun] = []
    ready = threading.Barrier(6)

    def deliver() -> None:
        ready.wait()
        if claimed := states.claim(run.pk):
            taken_by.append(claimed)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken_by) == 1


def test_a_second_delivery_does_nothing(approved: int) -> None:
    run = taken()
    tasks.train(run.pk)
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert not run.folder.path.exists()


# ---- Dying and recovering ----


def test_a_dead_workers_run_is_queued_again_and_lost_to_it() -> None:
    run = taken()
    assert states.recover() == []
    let_lease_run_out(run)
    assert states.recover() == [run.pk]
    assert states.beat(run).lost
    assert not states.finish(run, State.DONE)
    other = states.claim(run.pk)
    assert other is not None
    assert other.attempts == 2
    assert states.beat(run).lost
    assert not states.beat(other).lost
    assert not states.note(run, stage="train")


def test_a_dead_workers_run_does_not_wait_for_a_clock_that_was_set_back() -> None:
    run = taken()
    hour = timezone.now() + timedelta(hours=1)
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=hour)
    assert states.recover() == [run.pk]


def test_a_run_that_kills_its_workers_is_failed() -> None:
    run = taken()
    for _ in range(states.MAX_ATTEMPTS - 1):
        let_lease_run_out(run)
        assert states.recover() == [run.pk]
        assert states.claim(run.pk)
    let_lease_run_out(run)
    assert states.recover() == []
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "died 5 times" in run.error


def test_a_run_whose_message_was_lost_is_announced_again() -> None:
    run = start()
    assert states.recover() == []
    past = timezone.now() - timedelta(minutes=5)
    TrainingRun.objects.filter(pk=run.pk).update(queued_at=past)
    assert states.recover() == [run.pk]
    assert states.recover() == [], "the second message would only wait behind the first"


@pytest.mark.parametrize(
    ("refused", "complete", "steps"),
    [
        (False, False, ["register"]),
        (True, False, ["merge", "register"]),
        (True, True, ["register"]),
    ],
)
def test_a_run_whose_adapter_was_refused_goes_on_with_merging(
    monkeypatch: pytest.MonkeyPatch, refused: bool, complete: bool, steps: list[str]
) -> None:
    run, done = taken(), []
    run.folder.made("register")
    write_json(run.folder.names, {"model": "m", "service": "pocket"})
    if refused:
        write_json(run.folder.refused, {"answer": "No."})
    if complete:
        run.folder.complete("register", {"mode": "merged"})
    monkeypatch.setattr(driver, "_step", lambda state, step: done.append(step))
    monkeypatch.setattr(driver, "_after", lambda state, stage: None)
    driver._stage(driver._Drive(run, print), "register")
    assert done == steps


# ---- Cancelling, resuming, retrying ----


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_hears_of_it() -> None:
    run = start()
    assert states.cancel(run)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    states.resume(run)
    claimed = states.claim(run.pk)
    assert claimed is not None
    assert not states.beat(claimed).cancel
    assert states.cancel(run)
    assert states.beat(claimed).cancel
    assert states.finish(claimed, State.CANCELLED)
    assert not states.cancel(run)


def test_the_cancelled_run_of_a_dead_worker_is_cancelled() -> None:
    run = taken()
    states.cancel(run)
    let_lease_run_out(run)
    assert states.recover() == []
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_only_a_stopped_run_is_resumed_and_only_alone() -> None:
    run = taken()
    with pytest.raises(states.CannotStartError, match="failed or was cancelled"):
        states.resume(run)
    states.finish(run, State.FAILED, "No.")
    other = states.retry(run, None)
    assert other.recipe == run.recipe
    with pytest.raises(states.AlreadyRunningError):
        states.resume(run)


# ---- Ends ----


@pytest.mark.parametrize(
    ("count", "said"), [(0, "no approved stories"), (3, "1 more is needed"), (1, "3 more are")]
)
def test_a_run_without_enough_stories_ends_in_a_sentence(
    curator: User, count: int, said: str
) -> None:
    for number in range(count):
        story = library.create_story(curator, story_settings(keywords=f"word{number}"))
        library.save_text(story, curator, f"Number {number} " * 20 + ".", 0)
        library.set_good(story, True)
        Story.objects.filter(pk=story.pk).update(curation=Curation.APPROVED, curated_version=1)
    run = states.claim(start(TINY.changed({"least_stories": 4})).pk)
    assert run is not None
    driver.drive(run)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert said in run.error
    assert run.model is None


def test_a_run_that_lacked_stories_takes_the_new_ones_when_it_is_resumed(approved: int) -> None:
    run = states.claim(start(TINY.changed({"least_stories": approved + 1})).pk)
    assert run is not None
    driver.drive(run)
    assert "1 more is needed" in run.error
    library.set_good(Story.objects.approved()[0], False)
    states.resume(run)
    claimed = states.claim(run.pk)
    assert claimed is not None
    driver.drive(claimed)
    assert "2 more are needed" in claimed.error


def test_what_is_exported_is_what_the_curator_read(approved: int) -> None:
    story = Story.objects.approved()[0]
    read = story.text
    library.save_text(story, story.owner, "Something else.", story.version)
    library.change_settings(story, story_settings(keywords="other"))
    [row] = [row for row in lineage.approved_rows(None) if row["story"] == story.pk]
    assert (row["version"], row["text"]) == (1, read)


def test_the_prompt_exported_is_the_one_that_made_the_text(story: Story) -> None:
    written(story, "Written as a fantasy.")
    library.change_settings(story, story_settings(genre="War"))
    written(story, "Written as a war story.")
    library.restore_version(story, story.owner, 1)
    approve(story)
    [row] = lineage.approved_rows(None)
    assert row["text"] == "Written as a fantasy."
    made_by = settings_behind(story)
    assert (row["prompt"], row["settings"]["genre"]) == (made_by.prompt, made_by.genre)
    assert row["settings"]["genre"] != "War"


def written(story: Story, text: str) -> None:
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert finish(generation, Outcome(Generation.Status.DONE, text))
    story.refresh_from_db()


def approve(story: Story) -> None:
    library.set_good(story, True)
    Story.objects.filter(pk=story.pk).update(
        curation=Curation.APPROVED, curated_version=story.version
    )


# ---- By itself ----


def test_a_run_starts_by_itself_when_enough_new_stories_wait(
    approved: int, settings: Settings
) -> None:
    settings.TRAIN_AFTER = approved + 1
    assert states.nightly() is None
    settings.TRAIN_AFTER = approved
    run = states.nightly()
    assert run is not None
    assert run.origin == TrainingRun.Origin.NIGHTLY
    assert run.recipe["name"] == "pocket"
    states.cancel(run)
    done = TrainingRun.objects.create(recipe=run.recipe, state=State.DONE)
    for story in Story.objects.approved():
        done.examples.create(story=story, version=story.version, side=TrainingExample.Side.TRAIN)
    assert lineage.newly_approved() == 0
    assert states.nightly() is None
    done.examples.filter(pk__in=done.examples.values("pk")[:3]).delete()
    assert lineage.newly_approved() == 3
    settings.TRAIN_AFTER = 0
    assert states.nightly() is None


def test_each_base_has_its_recipe(settings: Settings) -> None:
    for recipe in RECIPES.values():
        settings.STORY_MODEL = recipe.base_model
        assert states.recipe_for_site() == recipe
    settings.STORY_MODEL = "mistral"
    assert states.recipe_for_site() is None


# ---- The command ----


def test_the_command_refuses_in_sentences(curator: User) -> None:
    for arguments, said in (
        (["--set", "rank=many"], "this is no int"),
        (["--set", "rank=0"], "from 1 to 256"),
        (["--set", "weights=x"], "no such value"),
        (["--resume", "99"], "no run 99"),
        ([], "no approved stories"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("finetune", *arguments)
