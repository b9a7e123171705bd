"""Private Redis and PostgreSQL servers, thrown away afterwards."""

import glob
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.processes import START_TIMEOUT, free_port, stop

UNPRIVILEGED = "nobody"


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis server; yields its URL. Skips the test where Redis is not installed."""
    port = free_port()
    process = start_redis(folder, port)
    try:
        yield redis_url(port)
    finally:
        stop(process)


def redis_url(port: int) -> str:
    """Return the URL of the server at `port`."""
    return f"redis://127.0.0.1:{port}/0"


def start_redis(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start a Redis server that forgets everything with its process."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    process = subprocess.Popen(
        [program, "--port", str(port), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    with redis.Redis(port=port) as client:
        _wait_until(client.ping, redis.ConnectionError)
    return process


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server; yields its URL. Skips the test where it is not installed."""
    port = free_port()
    create_postgres(folder)
    process = start_postgres(folder, port)
    try:
        yield postgres_url(port)
    finally:
        stop(process)


def postgres_url(port: int) -> str:
    """Return the URL of the server at `port`."""
    return f"postgres://stories@127.0.0.1:{port}/postgres"


def _postgres_programs() -> str:
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [
        os.path.dirname(found) for found in [shutil.which("initdb")] if found
    ]
    if not programs:
        pytest.skip("PostgreSQL is not installed")
    return programs[-1]


def create_postgres(folder: Path) -> None:
    """Make an empty database cluster in `folder`."""
    data = folder / "data"
    data.mkdir()
    _give_away(folder)
    initdb = [f"{_postgres_programs()}/initdb", "-D", str(data), "-U", "stories", "-A", "trust"]
    subprocess.run(_unprivileged(initdb), check=True, stdout=subprocess.DEVNULL)


def start_postgres(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start a server on the cluster in `folder`."""
    command = [f"{_postgres_programs()}/postgres", "-D", str(folder / "data"), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    process = subprocess.Popen(
        _unprivileged(command), stderr=subprocess.DEVNULL, start_new_session=True
    )
    address = f"host=127.0.0.1 port={port} user=stories dbname=postgres"
    _wait_until(lambda: psycopg.connect(address).close(), psycopg.OperationalError)
    return process


def _unprivileged(command: list[str]) -> list[str]:
    """Return `command` as somebody else when root runs the tests: PostgreSQL insists."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={UNPRIVILEGED}", "--clear-groups", *command]


def _give_away(folder: Path) -> None:
    if os.geteuid() != 0:
        return
    owner = pwd.getpwnam(UNPRIVILEGED).pw_uid
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, -1)
    # pytest keeps its folders to their owner; the way down to this one has to be open.
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)


def _wait_until(attempt: Callable[[], object], refused: type[Exception]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            attempt()
        except refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
