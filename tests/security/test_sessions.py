"""Whatever ends a session closes its sockets within five seconds; the story goes on being written.

Against a real web process, on whose library the test works as another process does.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from stories.live import close_codes, sessions
from tests.conftest import ScriptedServer
from tests.support.seats import Seat, take_seats
from tests.support.web import Client, client, installation, web

LIMIT = 5.0  # seconds
# Ways for the session of user {user} to end; each leaves the other writers' alone.
ENDS = {
    "sign-out": "Session.objects.get(session_key='{key}').delete()",
    "another password": "user.set_password('another one'); user.save()",
    "deactivated": "user.is_active = False; user.save()",
    "account deleted": "delete_account(user)",
    "run out": "Session.objects.filter(session_key='{key}').update(expire_date='2026-01-01')",
}
IMPORTS = (
    "from django.contrib.sessions.models import Session;"
    "from stories.accounts.departure import delete_account;"
    "from stories.models import Story, User;"
    "user = Story.objects.get(pk={story}).owner;"
)


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[dict[str, str]]:
    """A running installation."""
    folder = tmp_path_factory.mktemp("sessions")
    found = installation(folder, scripted_server.url, "slow")
    take_seats(found, 0)
    with web(found):
        yield found


def manage(environment: dict[str, str], code: str) -> str:
    """Run `code` on the installation's library, in a process of its own."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def take_in(socket: Client, told: list[dict[str, Any]]) -> None:
    """Add what comes to `told`, until nothing does any more."""
    while True:
        told.append(json.loads(socket.socket.recv(timeout=30)))


def wait_for_the_end(socket: Client) -> None:
    """Return when the socket is closed, having said why."""
    told: list[dict[str, Any]] = []
    with pytest.raises(ConnectionClosed) as end:
        take_in(socket, told)
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == close_codes.SIGNED_OUT
    assert [frame["code"] for frame in told if frame["type"] == "error"] == ["signed_out"]


def test_it_is_looked_at_often_enough() -> None:
    assert sessions.INTERVAL < LIMIT / 2


@pytest.fixture(scope="module")
def seats(environment: dict[str, str]) -> list[Seat]:
    """Signed-in writers, one for each way and one to be left alone."""
    return take_seats(environment, len(ENDS) + 2)


@pytest.mark.parametrize("way", ENDS)
def test_an_ended_session_closes_its_sockets(
    environment: dict[str, str], seats: list[Seat], way: str
) -> None:
    ended, other = seats[list(ENDS).index(way)], seats[-1]
    with (
        client(environment, ended) as first,
        client(environment, ended) as second,
        client(environment, other) as theirs,
    ):
        first.send(type="write")
        first.follow(20)
        code = (IMPORTS + ENDS[way]).format(key=ended.session_key, story=ended.story_id)
        manage(environment, code)
        wait_for_the_end(first)
        wait_for_the_end(second)
        theirs.send(type="write")
        theirs.follow(20)
        theirs.send(type="stop")
        theirs.follow()
        assert theirs.done["status"] == "stopped"


def test_closing_stops_no_story(environment: dict[str, str], seats: list[Seat]) -> None:
    seat = seats[-2]
    with client(environment, seat) as socket:
        socket.send(type="write")
        socket.follow(20)
        code = (IMPORTS + ENDS["sign-out"]).format(key=seat.session_key, story=seat.story_id)
        manage(environment, code)
        wait_for_the_end(socket)
    text = "print(Story.objects.get(pk={story}).generations.get().text)"
    code = (IMPORTS + text).format(story=seat.story_id)
    first = manage(environment, code)
    deadline = time.monotonic() + 30
    while (later := manage(environment, code)) == first and time.monotonic() < deadline:
        time.sleep(0.5)
    assert later.startswith(first)
    assert len(later) > len(first)


def test_a_session_in_order_is_left_alone(environment: dict[str, str]) -> None:
    [seat] = take_seats(environment, 1)
    with client(environment, seat) as socket:
        time.sleep(3 * sessions.INTERVAL)
        socket.send(type="nonsense")
        assert socket.receive()["code"] == "bad_frame"
