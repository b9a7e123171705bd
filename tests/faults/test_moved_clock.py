"""The clock is moved by an hour, in mid-story: a live story goes on, a dead one is seen to be dead.

Every process of ours reads a clock that jumps when a file changes; what isn't ours, such as the
kernel's timers, knows nothing of it.
"""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import ScriptedServer
from tests.faults.test_killed_web import stored
from tests.faults.test_model_server import TRUTH, written
from tests.support.seats import Seat, take_seats
from tests.support.web import Client, client, installation, web

CLOCK = Path(__file__).parents[1] / "support" / "moved_clock"
HOUR = 3600  # seconds
WORDS = 200  # of the scripted model "tale": ten seconds


def move(clock: Path, seconds: int) -> None:
    """Move the clock to `seconds` from the real one, in one step."""
    new = clock.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(clock)


@pytest.mark.parametrize("direction", [1, -1], ids=["forward", "back"])
def test_a_live_story_goes_on_and_a_dead_one_is_closed(
    tmp_path: Path, scripted_server: ScriptedServer, direction: int
) -> None:
    clock = tmp_path / "clock"
    move(clock, 0)
    environment = installation(
        tmp_path, scripted_server.url, "tale", CLOCK_FILE=str(clock), PYTHONPATH=str(CLOCK)
    )
    [seat, other] = take_seats(environment, 2)
    with web(environment) as process:
        with client(environment, seat) as page:
            page.send(type="write")
            page.follow(100)
            for jump in (direction, 0, direction):
                move(clock, jump * HOUR)
                # Whoever opens the page looks whether it is still alive, at once and later.
                look(environment, seat, page)
            page.follow()
            assert (page.errors, page.done["status"]) == ([], "done")
            assert page.text == written(WORDS)
            assert stored(tmp_path, seat.story_id) == {"text": written(WORDS), "version": 1}
        with client(environment, other) as page:
            page.send(type="write")
            page.follow(150)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    move(clock, 0)
    with web(environment), client(environment, other) as page:
        started = time.monotonic()
        page.send(type="attach", generation=page.receive()["id"], offset=0)
        page.follow()
        assert time.monotonic() - started < TRUTH
        assert (page.errors, page.done["status"]) == (["interrupted"], "interrupted")
        assert stored(tmp_path, other.story_id)["text"] == page.text


def look(environment: dict[str, str], seat: Seat, page: Client) -> None:
    """Open the page a second time, and a third time somewhat later."""
    for _ in range(2):
        with client(environment, seat) as onlooker:
            assert onlooker.receive()["status"] == "running"
        page.follow(len(page.text) + 50)
