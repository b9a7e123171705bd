"""Several processes hand out slots at the same time, on both databases: never one too many."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.seats import take_seats
from tests.support.servers import postgres_server
from tests.support.web import installation

SLOTS = 3
TIMES = 5
PROCESSES = 3
WRITERS = 4  # in each process
PATIENCE = 240  # seconds; a busy machine takes its time to start processes
READ = """
import json
from stories.models import Generation
rows = Generation.objects.order_by("pk").values_list(
    "status", "story__owner", "started_at", "finished_at")
print(json.dumps([[str(field) if field else None for field in row] for row in rows]))
"""
Row = tuple[str, str, str | None, str | None]  # status, writer, started, finished


@contextmanager
def installed(folder: Path, kind: str) -> Iterator[dict[str, str]]:
    """Yield the environment of an installation on a database of that kind."""
    environment = installation(folder, "http://127.0.0.1:9", "none", GENERATION_SLOTS=str(SLOTS))
    if kind == "sqlite":
        yield environment
        return
    (folder / "postgres").mkdir()
    with postgres_server(folder / "postgres") as url:
        yield {**environment, "DATABASE_URL": url}


def most_at_once(rows: list[Row]) -> int:
    """Return how many of `rows` were written at the same time, at the most."""
    steps = [(row[2], 1) for row in rows if row[2]] + [(row[3], -1) for row in rows if row[2]]
    now = most = 0
    for _, step in sorted(steps, key=lambda each: (str(each[0]), each[1])):
        now += step
        most = max(most, now)
    return most


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_slots_are_never_exceeded(tmp_path: Path, kind: str) -> None:
    with installed(tmp_path, kind) as environment:
        seats = take_seats(environment, PROCESSES * WRITERS)
        stories = [str(seat.story_id) for seat in seats]
        command = [sys.executable, "-m", "tests.stories.writing.line_worker", str(TIMES)]
        workers = [
            subprocess.Popen(
                [*command, *stories[first::PROCESSES]],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for first in range(PROCESSES)
        ]
        outputs = [worker.communicate(timeout=PATIENCE) for worker in workers]
        assert [worker.returncode for worker in workers] == [0] * PROCESSES, outputs
        served = sum(int(out) for out, _ in outputs)
        shell = [sys.executable, "manage.py", "shell", "-v", "0", "-c", READ]
        found = subprocess.run(shell, env=environment, check=True, capture_output=True, text=True)
        rows: list[Row] = [tuple(row) for row in json.loads(found.stdout)]
    assert {row[0] for row in rows} == {"done", "stopped"}
    assert [row[0] for row in rows].count("done") == served
    # How many meet depends on how fast the processes start; one is no contention.
    assert 1 < most_at_once(rows) <= SLOTS
    for writer in {row[1] for row in rows}:
        own = [row for row in rows if row[1] == writer]
        assert most_at_once(own) == 1
        assert any(row[2] for row in own), "each writer had a turn"


FREEZE = """
import sys, time
from django.db import transaction
from stories.writing import line
with transaction.atomic():
    line.Door()
    print("held", flush=True)
    time.sleep(3600)
"""
LOOK = "from stories.writing import line; print(line.advance({}).moved)"


def test_a_process_that_freezes_at_the_door_stops_nobody_for_long(tmp_path: Path) -> None:
    with installed(tmp_path, "postgresql") as environment:
        take_seats(environment, 0)
        shell = [sys.executable, "manage.py", "shell", "-v", "0", "-c"]
        frozen = subprocess.Popen([*shell, FREEZE], env=environment, stdout=subprocess.PIPE)
        try:
            assert frozen.stdout is not None
            assert frozen.stdout.readline() == b"held\n"
            looked = subprocess.run(
                [*shell, LOOK], env=environment, capture_output=True, text=True, timeout=PATIENCE
            )
            assert looked.stdout.strip() == "False", looked.stderr
        finally:
            frozen.kill()
            frozen.communicate()
