"""Two web processes on PostgreSQL and Redis share the slots, and the places of one that dies."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import ScriptedServer
from tests.support.processes import free_port
from tests.support.seats import take_seats
from tests.support.servers import postgres_server, redis_server
from tests.support.web import Client, client, installation, web

SOON = 30.0  # seconds


@contextmanager
def shared(folder: Path, server: ScriptedServer, slots: int) -> Iterator[dict[str, str]]:
    """Yield the environment of an installation on PostgreSQL and Redis, with `slots` slots."""
    for name in ("data", "redis", "postgres"):
        (folder / name).mkdir()
    with (
        redis_server(folder / "redis") as redis_url,
        postgres_server(folder / "postgres") as database_url,
    ):
        more = {"REDIS_URL": redis_url, "DATABASE_URL": database_url}
        yield installation(folder / "data", server.url, "slow", GENERATION_SLOTS=str(slots), **more)


def statuses(environment: dict[str, str]) -> list[str]:
    """Return how all generations stand, in the order in which they were asked for."""
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        rows = connection.execute("select status from stories_generation order by id").fetchall()
    return [status for (status,) in rows]


def standing(socket: Client, status: str, position: int = 0) -> dict[str, Any]:
    """Take in frames up to the one that says `status` and `position`."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        frame = socket.receive()
        if (frame.get("status"), frame.get("position")) == (status, position):
            return frame
    raise AssertionError(f"it was never {status} at {position}")


def test_two_processes_share_the_slots_and_a_dead_one_gives_its_own_back(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    with shared(tmp_path, scripted_server, slots=1) as environment:
        seats = take_seats(environment, 3)
        other_port = str(free_port())
        with web(environment) as dying, web(environment, other_port):
            with (
                client(environment, seats[0]) as first,
                client(environment, seats[1], other_port) as second,
                client(environment, seats[2], other_port) as third,
            ):
                first.send(type="write")
                first.follow(100)
                second.send(type="write")
                standing(second, "queued", 1)
                third.send(type="write")
                standing(third, "queued", 2)
                assert statuses(environment) == ["running", "queued", "queued"]
                os.killpg(dying.pid, signal.SIGKILL)
                dying.wait()
                killed_at = time.monotonic()
                standing(third, "queued", 1)
                standing(second, "running")
                assert time.monotonic() - killed_at < SOON
                second.follow(100)
                second.send(type="stop")
                second.follow()
                third.follow(100)
                third.send(type="stop")
                third.follow()
            with client(environment, seats[0], other_port) as again:
                hello = again.receive()
                assert hello["status"] in {"running", "interrupted"}
                again.send(type="attach", generation=hello["id"], offset=0)
                again.follow()
                assert again.done["status"] == "interrupted"
                assert again.text.startswith(first.text)
        assert statuses(environment) == ["interrupted", "stopped", "stopped"]


def test_what_waited_in_a_dead_process_is_served_in_its_place(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    with shared(tmp_path, scripted_server, slots=1) as environment:
        seats = take_seats(environment, 3)
        other_port = str(free_port())
        with (
            web(environment) as dying,
            web(environment, other_port),
            client(environment, seats[0], other_port) as writing,
            client(environment, seats[2], other_port) as behind,
        ):
            writing.send(type="write")
            writing.follow(20)
            with client(environment, seats[1]) as orphan:
                orphan.send(type="write")
                waits = standing(orphan, "queued", 1)["id"]
                behind.send(type="write")
                standing(behind, "queued", 2)
                os.killpg(dying.pid, signal.SIGKILL)
                dying.wait()
            with client(environment, seats[1], other_port) as back:
                hello = back.receive()
                assert (hello["id"], hello["status"], hello["position"]) == (waits, "queued", 1)
                back.send(type="attach", generation=waits, offset=0)
                # Its turn comes before anybody can know that its process is dead.
                writing.send(type="stop")
                writing.follow()
                standing(back, "running")
                back.follow(100)
                back.send(type="stop")
                back.follow()
                behind.follow(100)
                behind.send(type="stop")
                behind.follow()
        assert statuses(environment) == ["stopped"] * 3


@pytest.mark.parametrize("stopped_by", ["one", "other"])
def test_stop_in_the_line_works_from_any_process(
    tmp_path: Path, scripted_server: ScriptedServer, stopped_by: str
) -> None:
    with shared(tmp_path, scripted_server, slots=1) as environment:
        seats = take_seats(environment, 2)
        other_port = str(free_port())
        with (
            web(environment),
            web(environment, other_port),
            client(environment, seats[0]) as writing,
            client(environment, seats[1]) as one,
            client(environment, seats[1], other_port) as other,
        ):
            writing.send(type="write")
            writing.follow(20)
            one.send(type="write")
            standing(one, "queued", 1)
            standing(other, "queued", 1)
            {"one": one, "other": other}[stopped_by].send(type="stop")
            for tab in (one, other):
                tab.follow()
                assert (tab.done["status"], tab.done["version"]) == ("stopped", 0)
            assert statuses(environment) == ["running", "stopped"]
            writing.send(type="stop")
            writing.follow()
