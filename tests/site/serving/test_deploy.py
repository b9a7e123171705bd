"""A web process that may take its time to end: what it writes is written to its end."""

import signal
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from storaiteller_site.serving.web import LEAVING
from tests.conftest import ScriptedServer
from tests.faults.test_queue import shared
from tests.support.processes import free_port
from tests.support.seats import take_seats
from tests.support.web import PATIENCE, Client, client, installation, web


def wait_for_the_end(socket: Client) -> int:
    """Take in frames until the server closes the socket; return the code that it closes it with."""
    with suppress(ConnectionClosed):
        while True:
            socket.receive()
    return socket.socket.close_code or 0


def attach(socket: Client) -> str:
    """Follow the story's generation from its beginning on; return how it stands."""
    hello = socket.receive()
    socket.send(type="attach", generation=hello["id"], offset=0)
    return str(hello["status"])


def test_a_story_goes_on_while_its_process_ends(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    """Its reader is sent to the other process, and so is who waits in line."""
    with shared(tmp_path, scripted_server, slots=1) as environment:
        environment["DRAIN_SECONDS"] = "300"
        first, second = take_seats(environment, 2)
        other = str(free_port())
        with web(environment) as old, web(environment, other):
            with client(environment, first) as writing, client(environment, second) as waiting:
                writing.send(type="write")
                writing.follow(100)
                waiting.send(type="write")
                assert waiting.receive()["status"] == "queued"
                old.send_signal(signal.SIGTERM)
                assert wait_for_the_end(writing) == wait_for_the_end(waiting) == LEAVING
            with pytest.raises(OSError, match="refused"):
                connect(f"ws://127.0.0.1:{environment['PORT']}/")
            with (
                client(environment, first, other) as writing_on,
                client(environment, second, other) as waiting_on,
            ):
                assert attach(writing_on) == "running"
                assert attach(waiting_on) == "queued"
                writing_on.follow(len(writing.text) + 100)
                assert writing_on.text.startswith(writing.text)
                assert old.poll() is None
                writing_on.send(type="stop")
                writing_on.follow()
                assert writing_on.done["status"] == "stopped"
                assert old.wait(PATIENCE) == 0
                waiting_on.follow(50)
                waiting_on.send(type="stop")
                waiting_on.follow()
                assert waiting_on.done["status"] == "stopped"


def test_a_story_without_an_end_is_cut_off(tmp_path: Path, scripted_server: ScriptedServer) -> None:
    environment = installation(tmp_path, scripted_server.url, "slow", DRAIN_SECONDS="1")
    [seat] = take_seats(environment, 1)
    with web(environment) as process, client(environment, seat) as socket:
        socket.send(type="write")
        socket.follow(100)
        process.send_signal(signal.SIGTERM)
        assert wait_for_the_end(socket) == LEAVING
        assert process.wait(PATIENCE) == 0
