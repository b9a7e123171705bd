"""Stories that go while a worker trains on them, by real processes: out of the run and its folder.

What is looked for are words that stand in one story alone, in every file of the run.
"""

import subprocess
import time
from pathlib import Path

import pytest

from finetuning.demo.demonstrations import MARKED_STORIES
from finetuning.pipeline.material import datastories
from tests.support.worker import (
    RUN,
    kill,
    manage,
    run_row,
    site,
    start_worker,
    trainers,
    wait_for_end,
    wait_for_trainer,
    worker,
)

LEAVERS = 3  # stories of the account that is deleted
SOON = 15.0  # seconds, of a busy machine; the hourly sweep does not come in them
LEAVE = """
from stories.models import User
from stories.accounts.departure import delete_account
delete_account(User.objects.get(username="leaver"))
"""
ARRIVE = f"""
from stories.models import Story, User
leaver = User.objects.create_user("leaver")
Story.objects.filter(pk__lte={LEAVERS}).update(owner=leaver)
"""
UNMARK = f"""
from stories.models import Story
from stories.history import library
library.set_good(Story.objects.get(pk={LEAVERS + 1}), False)
"""


def openings() -> list[bytes]:
    entries = datastories.read_csv(MARKED_STORIES.read_bytes())[: LEAVERS + 1]
    return [entry.story.strip().split("\n")[0].encode() for entry in entries]


def left_in(data: Path, words: list[bytes]) -> list[str]:
    """Return the files of the run in which any of `words` stand."""
    found = []
    for path in (data / "training" / "run-1").rglob("*"):
        try:
            text = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:
            continue
        if any(word in text for word in words):
            found.append(path.name)
    return found


def wait_until_gone(data: Path, words: list[bytes], patience: float = SOON) -> float:
    """Wait until none of `words` stand in the run's folder; return after how many seconds."""
    began = time.monotonic()
    while found := left_in(data, words):
        assert time.monotonic() - began < patience, f"still in {found}"
        time.sleep(0.1)
    return time.monotonic() - began


def log_of(data: Path) -> str:
    return (data / "training" / "run-1" / "log.txt").read_text()


@pytest.mark.timeout(600)
def test_an_account_that_goes_while_its_stories_are_trained_on_is_left_out_within_seconds(
    tmp_path: Path,
) -> None:
    *leavers, unmarked = openings()
    with site(tmp_path) as (data, environment), worker(environment):
        manage(environment, "shell", "-c", ARRIVE)
        manage(environment, "finetune", "--queue", *RUN)
        trainer = wait_for_trainer(data, "train")
        assert left_in(data, leavers)
        manage(environment, "shell", "-c", LEAVE)
        wait_until_gone(data, leavers)
        assert trainer not in trainers(data)
        row = wait_for_end(data)
        assert row["state"] == "done", row["error"]
        assert row["dataset"]["approved"] == row["dataset"]["train"] + row["dataset"]["held_out"]
        assert f"withdrawn since the run began: {LEAVERS}." in log_of(data)
        assert left_in(data, leavers) == []
        # A mark that is taken back afterwards.
        assert left_in(data, [unmarked])
        manage(environment, "shell", "-c", UNMARK)
        wait_until_gone(data, [unmarked])


@pytest.mark.timeout(600)
def test_a_worker_that_is_killed_as_a_story_goes_leaves_it_to_the_next(tmp_path: Path) -> None:
    *leavers, _ = openings()
    with site(tmp_path) as (data, environment):
        manage(environment, "shell", "-c", ARRIVE)
        manage(environment, "finetune", "--queue", *RUN)
        process: subprocess.Popen[bytes] = start_worker(environment)
        wait_for_trainer(data, "train")
        kill(process)
        manage(environment, "shell", "-c", LEAVE)
        assert left_in(data, leavers), "there is nobody who could have cleaned"
        assert run_row(data)["state"] == "running"
        with worker(environment):
            wait_until_gone(data, leavers, 2 * SOON)
            wait_for_trainer(data, "train")
        assert f"withdrawn since the run began: {LEAVERS}." in log_of(data)
        assert left_in(data, leavers) == []


@pytest.mark.timeout(600)
def test_a_run_that_is_left_with_too_few_stories_says_so(tmp_path: Path) -> None:
    with site(tmp_path) as (data, environment), worker(environment):
        manage(environment, "shell", "-c", ARRIVE.replace(f"pk__lte={LEAVERS}", "pk__gt=9"))
        manage(environment, "finetune", "--queue", *RUN)
        wait_for_trainer(data, "train")
        manage(environment, "shell", "-c", LEAVE)
        row = wait_for_end(data)
        assert row["state"] == "failed"
        assert "Stories were withdrawn while it ran" in row["error"]
        assert "9 different approved stories can be used" in row["error"]
        assert trainers(data) == {}
