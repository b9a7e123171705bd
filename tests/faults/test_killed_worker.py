"""kill -9 of the worker in mid-story: the story goes on, and the worker is started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ScriptedServer
from tests.faults.test_killed_services import children
from tests.faults.test_killed_web import newest_status, stored
from tests.faults.test_model_server import written
from tests.support.processes import stop
from tests.support.seats import take_seats
from tests.support.web import client, installation, web
from tests.support.worker import ROOT

WORDS = 200  # of the scripted model "tale": ten seconds
A_MINUTE = 60.0  # seconds
START = 60.0  # seconds


@contextmanager
def kept_alive(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker with beat as `manage.py serve` does, started again whenever it dies."""
    for name in ("queue", "control"):
        (Path(environment["DATA_DIR"]) / "celery" / name).mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "storaiteller_site.serving.restarting",
        sys.executable,
        "-W",
        "ignore",
    ]
    command += ["-m", "celery", "--quiet", "--app", "storaiteller_site", "worker", "--beat"]
    command += ["--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        yield process
    finally:
        stop(process)


def worker_of(keeper: "subprocess.Popen[bytes]", not_this: int = 0) -> int:
    """Return the process of the worker, once there is one with a beat of its own."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        for number in children(keeper.pid):
            if number != not_this and children(number):
                return number
        time.sleep(0.1)
    raise AssertionError("there is no worker")


def test_the_story_goes_on_and_what_dies_later_is_closed(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    environment = installation(tmp_path, scripted_server.url, "tale")
    [seat, other] = take_seats(environment, 2)
    with kept_alive(environment) as keeper:
        with web(environment) as process:
            with client(environment, seat) as page:
                worker = worker_of(keeper)
                page.send(type="write")
                page.follow(150)
                for number in (*children(worker), worker):  # beat, and the worker itself
                    os.kill(number, signal.SIGKILL)
                page.follow()
                assert (page.errors, page.done["status"]) == ([], "done")
                assert page.text == written(WORDS)
                assert stored(tmp_path, seat.story_id) == {"text": page.text, "version": 1}
            worker_of(keeper, not_this=worker)
            with client(environment, other) as page:
                page.send(type="write")
                page.follow(150)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        # Nobody looks, and the web process stays away.
        died = time.monotonic()
        while (status := newest_status(tmp_path, other.story_id)) == "running":
            assert time.monotonic() - died < A_MINUTE
            time.sleep(0.5)
        assert status == "interrupted"
        kept = stored(tmp_path, other.story_id)["text"]
        assert page.text.startswith(kept)
        assert kept
