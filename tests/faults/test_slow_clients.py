"""Clients that read slowly, or not at all: bounded, cut off, and no burden to the others."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from websockets import Origin
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from stories.live.flow import UNACKNOWLEDGED
from tests.conftest import ScriptedServer
from tests.support.processes import resident
from tests.support.seats import Seat, session_cookie, take_seats
from tests.support.web import client, installation, web

LONG = 2000  # words, as many as the scripted model "long" writes
FLOOD = 200_000  # bad frames, whose answers would be 20 MB


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> dict[str, str]:
    """An installation whose stories are longer than what may be on its way."""
    folder = tmp_path_factory.mktemp("slow-clients")
    found = installation(folder, scripted_server.url, "long")
    take_seats(found, 0)
    return found


@contextmanager
def narrow(environment: dict[str, str], seat: Seat) -> Iterator[ClientConnection]:
    """Connect with next to no room for what is not read."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel makes it its least
    raw.connect(("127.0.0.1", int(environment["PORT"])))
    with connect(
        f"ws://127.0.0.1:{environment['PORT']}/ws/stories/{seat.story_id}/",
        sock=raw,
        origin=Origin(f"http://127.0.0.1:{environment['PORT']}"),
        additional_headers={"Cookie": session_cookie(seat)},
        max_queue=1,
        ping_interval=None,
        close_timeout=1,
    ) as page:
        yield page


def test_who_stops_reading_loses_nothing_and_others_go_on(environment: dict[str, str]) -> None:
    *stalled, other = take_seats(environment, 11, LONG)
    with web(environment), ExitStack() as stack:
        pages = [stack.enter_context(narrow(environment, seat)) for seat in stalled]
        for page in pages:
            page.send('{"type":"write"}')
        with client(environment, other) as reader:
            reader.send(type="write")
            reader.follow()
        assert reader.done["status"] == "done"
        assert len(reader.text) > UNACKNOWLEDGED
        for page in pages:
            assert read_slowly(page) == reader.text  # the script tells everybody the same


def read_slowly(page: ClientConnection) -> str:
    """Read on, a frame at a time; returns the text."""
    text, acknowledged = "", 0
    while True:
        frame = json.loads(page.recv(timeout=30))
        if frame["type"] == "text":
            assert frame["offset"] == len(text), "a gap, or text that came twice"
            text += frame["text"]
            assert len(text) - acknowledged <= UNACKNOWLEDGED
            if len(text) - acknowledged > UNACKNOWLEDGED / 2:
                acknowledged = len(text)
                page.send(json.dumps({"type": "ack", "offset": acknowledged}))
            time.sleep(0.01)
        elif frame["type"] == "done":
            return text


def send_bad_frames(page: ClientConnection, count: int) -> None:
    """Send `count` frames that are none, and read no answer."""
    for _ in range(count):
        page.send("{")


def test_answers_that_nobody_reads_are_bounded(environment: dict[str, str]) -> None:
    [seat, other] = take_seats(environment, 2)
    with web(environment) as process:
        with client(environment, other) as reader:
            reader.send(type="write")
            reader.follow()
        before = resident(process.pid)
        with narrow(environment, seat) as page, pytest.raises(ConnectionClosed):
            send_bad_frames(page, FLOOD)
        assert resident(process.pid) - before < 10  # megabytes
        with client(environment, other) as reader:
            reader.send(type="write")
            reader.receive()
            reader.follow()
        assert reader.done["status"] == "done"
