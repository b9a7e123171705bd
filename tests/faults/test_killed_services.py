"""Redis and PostgreSQL die in mid-story, Redis forgets everything, and a page that idles is kept.

A web process on both, as in production; the servers come back at the same address.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.conftest import ScriptedServer
from tests.faults.test_model_server import TRUTH, written
from tests.support.processes import free_port, stop
from tests.support.seats import Seat, take_seats
from tests.support.servers import (
    create_postgres,
    postgres_url,
    redis_url,
    start_postgres,
    start_redis,
)
from tests.support.web import Client, client, installation, web

WORDS = 200  # of the scripted model "tale": ten seconds
# redis-py's default socket timeout closed every idle socket after 5.15 s.
IDLE = 20.0  # seconds
BACK = 60.0  # seconds that a page tries to come back


@dataclass
class Services:
    """What the installation stands on, and how to start it again."""

    environment: dict[str, str]
    redis: "subprocess.Popen[bytes]"
    postgres: "subprocess.Popen[bytes]"
    folder: Path
    ports: tuple[int, int]

    def start_redis(self) -> None:
        """Start Redis again, with nothing in it."""
        self.redis = start_redis(self.folder / "redis", self.ports[0])

    def start_postgres(self) -> None:
        """Start PostgreSQL again, on the data that it has."""
        self.postgres = start_postgres(self.folder / "postgres", self.ports[1])


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Services]:
    """A running installation on Redis and PostgreSQL."""
    folder = tmp_path_factory.mktemp("services")
    for name in ("data", "redis", "postgres"):
        (folder / name).mkdir()
    create_postgres(folder / "postgres")
    ports = free_port(), free_port()
    environment = installation(
        folder / "data",
        scripted_server.url,
        "tale",
        REDIS_URL=redis_url(ports[0]),
        DATABASE_URL=postgres_url(ports[1]),
    )
    found = Services(
        environment,
        start_redis(folder / "redis", ports[0]),
        start_postgres(folder / "postgres", ports[1]),
        folder,
        ports,
    )
    try:
        take_seats(environment, 0)
        with web(environment):
            yield found
    finally:
        stop(found.redis)
        stop(found.postgres)


@pytest.fixture(scope="module")
def seats(services: Services) -> list[Seat]:
    """Signed-in writers with empty stories."""
    return take_seats(services.environment, 4)


@pytest.fixture
def seat(seats: list[Seat]) -> Seat:
    """One that nobody has taken yet."""
    return seats.pop()


def children(pid: int) -> list[int]:
    """Return the processes that process `pid` has started from its main thread."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(number) for number in found.split()]


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 the server with all of its processes; PostgreSQL's lead groups of their own."""
    others = children(process.pid)
    for number in (process.pid, *others):
        os.kill(number, signal.SIGKILL)
    process.wait()
    while any(Path(f"/proc/{number}").exists() for number in others):
        time.sleep(0.05)


def stored(services: Services, seat: Seat) -> tuple[str, str]:
    """Return the story as it is in the database, and how its newest generation ended."""
    address = f"host=127.0.0.1 port={services.ports[1]} user=stories dbname=postgres"
    query = (
        "select s.text, g.status from stories_story s join stories_generation g"
        " on g.story_id = s.id where s.id = %s order by g.id desc limit 1"
    )
    with psycopg.connect(address) as connection:
        row = connection.execute(query, [seat.story_id]).fetchone()
    assert row is not None
    return row[0], row[1]


@contextmanager
def coming_back(environment: dict[str, str], seat: Seat, before: Client) -> Iterator[Client]:
    """Connect again, as often as it takes, and attach where `before` was."""
    deadline = time.monotonic() + BACK
    while True:
        connection = client(environment, seat)
        try:
            page = connection.__enter__()
            break
        except (InvalidHandshake, OSError, TimeoutError):
            assert time.monotonic() < deadline, "the page could not come back"
            time.sleep(0.3)
    try:
        page.generation, page.text = before.generation, before.text
        hello = page.receive()
        assert hello["id"] == before.generation
        page.send(type="attach", generation=before.generation, offset=len(before.text))
        yield page
    finally:
        connection.__exit__(None, None, None)


def follow_to_the_end(environment: dict[str, str], seat: Seat, page: Client) -> Client:
    """Follow to the end, coming back whenever the socket is closed; returns the last page."""
    try:
        page.follow()
    except ConnectionClosed:
        with coming_back(environment, seat, page) as again:
            return follow_to_the_end(environment, seat, again)
    return page


def test_redis_killed_in_mid_story(services: Services, seat: Seat) -> None:
    with client(services.environment, seat) as page:
        page.send(type="write")
        page.follow(150)
        kill(services.redis)
        killed = time.monotonic()
        with pytest.raises(ConnectionClosed):
            page.follow()
        assert time.monotonic() - killed < TRUTH
    services.start_redis()
    with coming_back(services.environment, seat, page) as again:
        last = follow_to_the_end(services.environment, seat, again)
    assert last.errors == []
    assert last.text == written(WORDS)
    assert stored(services, seat) == (written(WORDS), "done")


def test_redis_flushed_in_mid_story(services: Services, seat: Seat) -> None:
    with client(services.environment, seat) as page:
        page.send(type="write")
        for length in (150, 400):
            page.follow(length)
            with redis.Redis(port=services.ports[0]) as connection:
                connection.flushall()
        page.follow()
        assert page.errors == []
        assert page.text == written(WORDS)
        assert stored(services, seat) == (written(WORDS), "done")


def test_postgres_killed_in_mid_story(services: Services, seat: Seat) -> None:
    with client(services.environment, seat) as page:
        page.send(type="write")
        page.follow(150)
        kill(services.postgres)
        # The writing goes on, and is kept until there is somewhere to store it.
        with pytest.raises(ConnectionClosed):
            page.follow()
        assert page.text == written(WORDS)
        assert not page.done
        assert set(page.errors) == {"not_stored"}
    services.start_postgres()
    with coming_back(services.environment, seat, page) as again:
        last = follow_to_the_end(services.environment, seat, again)
    assert set(last.errors) <= {"not_stored"}
    assert last.text == written(WORDS)
    assert stored(services, seat) == (written(WORDS), "done")


def test_an_idle_page_is_kept_and_hears_of_what_begins(services: Services, seat: Seat) -> None:
    with client(services.environment, seat) as page:
        time.sleep(IDLE)
        with client(services.environment, seat) as other:
            other.send(type="write")
            other.follow()
        page.follow()
        assert page.text == other.text == written(WORDS)
