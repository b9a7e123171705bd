"""kill -9 of worker and trainer at every step: the run goes on; there are never two trainers."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from finetuning.pipeline.run_folder import read_json
from tests.support.processes import stop
from tests.support.worker import (
    PATIENCE,
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

# Some steps take a tenth of a second and may be over before a busy machine lets us see them.
LONG_STEPS = {"train", "convert", "measure"}


class Watch:
    """Counts trainers all the time, each with the processes that it starts as one."""

    def __init__(self, data: Path) -> None:
        self.most = 0
        self._data, self._over = data, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.is_set():
            groups = set()
            for process in trainers(self._data):
                with suppress(ProcessLookupError):
                    groups.add(os.getpgid(process))
            self.most = max(self.most, len(groups))
            time.sleep(0.02)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def check_done(data: Path, environment: dict[str, str]) -> None:
    """The run ended with a model that writes, and is told about truthfully."""
    row = wait_for_end(data)
    assert row["state"] == "done", row["error"]
    assert row["verdict"] in {"better", "no better", "worse"}
    assert row["dataset"]["train"] == 48
    steps = [point[0] for point in row["curve"] if point[1] is not None]
    assert steps == [1, 2, 3, 4], "each step is drawn once"
    shown = httpx.post(
        f"{environment['OLLAMA_HOST']}/api/show",
        json={"model": read_json(data / "training" / "run-1" / "name.json")["model"]},
        trust_env=False,
    )
    assert shown.is_success


def next_victim(data: Path, killed: dict[str, int]) -> bool:
    """Wait for a trainer at a step that is not in `killed` and put it there; False at the end."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for process, step in trainers(data).items():
            if step not in killed:
                killed[step] = process
                return True
        if run_row(data)["state"] not in {"queued", "running"}:
            return False
        time.sleep(0.01)
    raise AssertionError(f"nothing happens any more: {run_row(data)}")


@pytest.mark.timeout(900)
def test_a_killed_trainer_goes_on_and_a_run_delivered_often_runs_once(tmp_path: Path) -> None:
    again = "from finetuning.tasks import train; [train.delay(1) for _ in range(3)]"
    killed: dict[str, int] = {}
    with site(tmp_path) as (data, environment), Watch(data) as watch:
        manage(environment, "finetune", "--queue", *RUN)
        manage(environment, "shell", "-c", again)
        with worker(environment), worker(environment):
            while next_victim(data, killed):
                # A short step may be over by now.
                with suppress(ProcessLookupError):
                    os.kill(list(killed.values())[-1], signal.SIGKILL)
            check_done(data, environment)
        log = (data / "training" / "run-1" / "log.txt").read_text()
    assert set(killed) >= LONG_STEPS
    assert len(LONG_STEPS) <= log.count("The trainer was killed (SIGKILL)") <= len(killed)
    assert log.count("Verdict: ") == 1
    assert watch.most == 1


@pytest.mark.timeout(900)
def test_a_killed_worker_takes_its_trainer_along_and_the_next_goes_on(tmp_path: Path) -> None:
    killed: dict[str, int] = {}
    with site(tmp_path) as (data, environment), Watch(data) as watch:
        manage(environment, "finetune", "--queue", *RUN)
        process = start_worker(environment)
        while next_victim(data, killed):
            kill(process)
            # Nobody is left to tell the trainer, and it must not outlive its worker.
            deadline = time.monotonic() + 20
            while trainers(data) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert trainers(data) == {}
            process = start_worker(environment)
        stop(process)
        check_done(data, environment)
    assert set(killed) >= LONG_STEPS
    assert watch.most == 1


@pytest.mark.timeout(900)
def test_a_worker_killed_while_the_model_is_merged_leaves_a_run_that_goes_on(
    tmp_path: Path,
) -> None:
    with site(tmp_path, "--adapters", "refuse") as (data, environment):
        manage(environment, "finetune", "--queue", *RUN)
        process = start_worker(environment)
        wait_for_trainer(data, "merge")
        kill(process)
        deadline = time.monotonic() + 20
        while trainers(data) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not (data / "training" / "run-1" / "convert" / "merged.gguf").exists()
        with worker(environment):
            check_done(data, environment)


@pytest.mark.timeout(600)
def test_a_trainer_that_is_killed_again_and_again_ends_the_run_truthfully(tmp_path: Path) -> None:
    with site(tmp_path) as (data, environment), worker(environment):
        manage(environment, "finetune", "--queue", *RUN)
        for _ in range(3):
            killed = wait_for_trainer(data, "train")
            os.kill(killed, signal.SIGKILL)
            while killed in trainers(data):
                time.sleep(0.01)
        row = wait_for_end(data)
    assert row["state"] == "failed"
    assert "killed (SIGKILL)" in row["error"]
