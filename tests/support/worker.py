"""A Celery worker of the tests' own, and what can be seen of trainers from outside."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from finetuning.demo.demonstrations import MARKED_STORIES
from tests.support.pocket import pocket
from tests.support.processes import stop
from tests.support.web import installation

PATIENCE = 240.0  # seconds; training on a busy machine takes its time
ROOT = Path(__file__).resolve().parents[2]
# A run of a few steps: for tests of what happens around the training.
RECIPE = {"max_steps": 4, "checkpoint_steps": 2, "pairs": 2, "rank": 2}
RUN = [argument for item in RECIPE.items() for argument in ("--set", f"{item[0]}={item[1]}")]


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of `manage.py`; returns what it says."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
    return done.stdout.decode()


@contextmanager
def site(tmp_path: Path, *options: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """An installation with approved stories and a pocket (with `options`); yields its folder and
    environment."""
    assert settings.TRAIN_PYTHON, "the trainer's environment is missing: make train-env"
    data = tmp_path / "data"
    (data / "celery" / "queue").mkdir(parents=True)
    (data / "celery" / "control").mkdir()
    with pocket(tmp_path / "models", *options) as url:
        environment = installation(
            data,
            url,
            "pocket",
            TRAIN_LEASE_SECONDS="4",
            TRAIN_RECOVER_SECONDS="1",
            DJANGO_SUPERUSER_PASSWORD="a-long-password-of-nobody",
        )
        manage(environment, "migrate")
        manage(
            environment,
            *("createsuperuser", "--noinput", "--username", "loop", "--email", "loop@localhost"),
        )
        manage(environment, "import_stories", str(MARKED_STORIES), "--approve")
        yield data, environment


def start_worker(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a worker with beat, as `manage.py serve` does."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet"]
    command += ["--app", "storaiteller_site", "worker", "--beat", "--pool", "threads"]
    command += ["--concurrency", "2", "--loglevel", "WARNING"]
    return subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)


@contextmanager
def worker(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker until the block ends."""
    process = start_worker(environment)
    try:
        yield process
    finally:
        stop(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 the worker: it gets no chance to tell its trainer. Its beat is asked to end.

    The trainer leads a group of its own and is not among them.
    """
    os.kill(process.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def trainers(data: Path) -> dict[int, str]:
    """Return the trainers of the installation in `data`: process -> step."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        ours = "finetuning.pipeline" in words and any(str(data) in word for word in words)
        if ours and state != "Z":
            found[int(entry.name)] = words[words.index("finetuning.pipeline") + 1]
    return found


def run_row(data: Path, run: int = 1) -> dict[str, Any]:
    """Return the run as it is in the database."""
    path = data / "db.sqlite3"
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(
            "select * from finetuning_trainingrun where id = ?", [run]
        ).fetchone()
    found = dict(row)
    for name in ("progress", "curve", "scores", "dataset"):
        found[name] = json.loads(found[name])
    return found


def wait_for_trainer(data: Path, step: str) -> int:
    """Return the process of the trainer that does `step`, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for process, doing in trainers(data).items():
            if doing == step:
                return process
        state = run_row(data)["state"]
        assert state in {"queued", "running"}, f"{state} before {step}: {run_row(data)['error']}"
        time.sleep(0.01)
    raise AssertionError(f"no trainer did {step}: {run_row(data)}")


def wait_for_end(data: Path, run: int = 1) -> dict[str, Any]:
    """Return the run's row once it has ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        row = run_row(data, run)
        if row["state"] not in {"queued", "running"}:
            return row
        time.sleep(0.1)
    raise AssertionError(f"the run did not end: {run_row(data, run)}")
