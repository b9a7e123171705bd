"""What runs: the scripted model server, the bare relay, and an installation of ours."""

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple

import psycopg

from tests.support.processes import free_port, running
from tests.support.seats import Seat, take_seats
from tests.support.servers import postgres_server, redis_server

TOKENS = 300
RATE = 40  # tokens a second
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
_WHOLE = "select count(*) from stories_generation where status = 'done' and text = "


class Serving(NamedTuple):
    """The serving processes of one side: where they listen, and their numbers."""

    ports: list[int]
    pids: list[int]


class Installation(NamedTuple):
    """An installation of ours, with a signed-in user and an empty story for each writer."""

    serving: Serving
    seats: list[Seat]
    environment: dict[str, str]

    def stored(self, text: str) -> int:
        """Return how many times `text` was written and stored, whole."""
        if url := self.environment.get("DATABASE_URL"):
            with psycopg.connect(url) as connection:
                found = connection.execute(_WHOLE + "%s", [text]).fetchone()
        else:
            file = Path(self.environment["DATA_DIR"]) / "db.sqlite3"
            with closing(sqlite3.connect(file, timeout=20)) as library:
                found = library.execute(_WHOLE + "?", [text]).fetchone()
        assert found is not None
        return int(found[0])


def cpu_seconds(pid: int) -> float:
    """Return the user and system time that process `pid` has used, threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


@contextmanager
def model_server(tokens: int = TOKENS, rate: float = RATE) -> Iterator[str]:
    """Run the scripted model server; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.model_server", "--port", str(port)]
    command += ["--tokens", str(tokens), "--rate", str(rate)]
    with running(command, ready_url=f"http://127.0.0.1:{port}/api/version"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def bare_relay(server: str, processes: int = 1) -> Iterator[Serving]:
    """Run that many bare relays, which know nothing of each other."""
    program = [sys.executable, "-m", "uvicorn", "benchmarks.relay.baseline:app"]
    environment = {**os.environ, "OLLAMA_HOST": server}
    serving = Serving([], [])
    with ExitStack() as stack:
        for _ in range(processes):
            port = free_port()
            command = [*program, "--log-level", "warning", "--port", str(port)]
            url = f"http://127.0.0.1:{port}/health/"
            process = stack.enter_context(running(command, ready_url=url, env=environment))
            serving.ports.append(port)
            serving.pids.append(process.pid)
        yield serving


@contextmanager
def ours(server: str, writers: int, processes: int = 1) -> Iterator[Installation]:
    """Run that many web processes of ours on a new library; several share Redis and PostgreSQL.

    Skips the test where those are not installed, as a test would.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {
            "DATA_DIR": str(folder / "data"),
            "OLLAMA_HOST": server,
            "STORY_MODEL": "bench",
            "GENERATION_SLOTS": str(10**6),  # the relay has no queue
        }
        for name in ("data", "redis", "postgres"):
            (folder / name).mkdir()
        if processes > 1:
            environment["REDIS_URL"] = stack.enter_context(redis_server(folder / "redis"))
            postgres = stack.enter_context(postgres_server(folder / "postgres"))
            environment["DATABASE_URL"] = postgres
        seats = take_seats({**os.environ, **environment}, writers)
        serving = Serving([], [])
        for _ in range(processes):
            port, process = stack.enter_context(web_process(environment))
            serving.ports.append(port)
            serving.pids.append(process.pid)
        yield Installation(serving, seats, environment)


@contextmanager
def web_process(environment: dict[str, str]) -> Iterator[tuple[int, "Popen[bytes]"]]:
    """Run our web process with `environment` on top of this one's; yields its port and itself."""
    port = free_port()
    command = [sys.executable, "-m", "storaiteller_site.serving.web", "--verbosity", "0"]
    command += ["--port", str(port), "storaiteller_site.asgi:application"]
    everything = {**os.environ, **environment, "PORT": str(port)}
    with running(command, ready_url=f"http://127.0.0.1:{port}/health/", env=everything) as process:
        yield port, process
