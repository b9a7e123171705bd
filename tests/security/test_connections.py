"""Connections that never finish their request, against a real web process with few files."""

import contextlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import ScriptedServer
from tests.support.processes import stop, wait_until_ready
from tests.support.seats import take_seats
from tests.support.web import client, installation

FILES = 200
HALF_OPEN = 220
SECONDS = 5.0  # for a page, while they are there
HALF = {
    "silence": b"",
    "header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-",
    "body": b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\nx",
}


@pytest.fixture(scope="module", params=["direct", "proxied"])
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    scripted_server: ScriptedServer,
) -> Iterator[dict[str, str]]:
    """A web process that may open 200 files; with a proxy in front, all have one address."""
    more = {"TRUSTED_PROXY_COUNT": "1"} if request.param == "proxied" else {}
    more["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # static files need no collecting
    folder = tmp_path_factory.mktemp("connections")
    environment = installation(folder, scripted_server.url, "steady", **more)
    take_seats(environment, 0)
    with running(environment, FILES, FILES):
        yield environment


@contextlib.contextmanager
def running(
    environment: dict[str, str], soft: int, hard: int, stderr: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a web process under these limits of open files."""
    command = [sys.executable, "-m", "storaiteller_site.serving.web", "--verbosity", "0"]
    command += ["--port", environment["PORT"], "storaiteller_site.asgi:application"]
    process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=stderr)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    try:
        wait_until_ready(f"http://127.0.0.1:{environment['PORT']}/health/", process)
        yield process
    finally:
        stop(process)


def half_open(environment: dict[str, str], kind: str) -> list[socket.socket]:
    """Open connections that ask for something, and don't say what."""
    address = ("127.0.0.1", int(environment["PORT"]))
    opened = []
    for _ in range(HALF_OPEN):
        raw = socket.create_connection(address, timeout=10)
        with contextlib.suppress(OSError):  # it may have been sent away by now
            raw.sendall(HALF[kind])
        opened.append(raw)
    return opened


@pytest.mark.parametrize("kind", HALF)
def test_half_open_requests_shut_nobody_out(site: dict[str, str], kind: str) -> None:
    [seat] = take_seats(site, 1)
    page = f"http://127.0.0.1:{site['PORT']}/"
    with client(site, seat) as early:
        opened = half_open(site, kind)
        try:
            for source in ("127.0.0.1", "127.0.0.2"):  # also from where they come
                transport = httpx.HTTPTransport(local_address=source, trust_env=False)
                with httpx.Client(transport=transport, trust_env=False, timeout=SECONDS) as other:
                    assert other.get(page).status_code == 200
                    assert other.get(page).status_code == 200, "on the connection of before"
            early.send(type="write")
            early.follow()
            assert early.done["status"] == "done", "an open socket is none of them"
            with client(site, seat) as late:
                assert late.receive()["type"] == "generation"
        finally:
            for raw in opened:
                raw.close()


DEADLINES = """
import sys
from storaiteller_site.serving import connections, web
connections.HEADER_SECONDS = connections.BODY_SECONDS = 2
connections.IDLE_SECONDS = web.IDLE_SECONDS = 2
web.main()
"""


def test_nobody_takes_for_ever(tmp_path: Path, scripted_server: ScriptedServer) -> None:
    """With deadlines of two seconds: single bytes put nothing off, and a socket may be idle."""
    environment = installation(
        tmp_path, scripted_server.url, "steady", DJANGO_SETTINGS_MODULE="tests.settings"
    )
    [seat] = take_seats(environment, 1)
    command = [sys.executable, "-c", DEADLINES, "--verbosity", "0", "--port", environment["PORT"]]
    process = subprocess.Popen(
        [*command, "storaiteller_site.asgi:application"], env=environment, start_new_session=True
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{environment['PORT']}/health/", process)
        with client(environment, seat) as idle:
            for start in (
                HALF["silence"],
                HALF["header"],
                HALF["body"],
                b"GET /health/ HTTP/1.1\r\nHost: localhost\r\n\r\n",  # answered, and then nothing
            ):
                assert is_closed(environment, start), start
            idle.send(type="write")
            idle.follow()
            assert idle.done["status"] == "done"
    finally:
        stop(process)


def is_closed(environment: dict[str, str], start: bytes) -> bool:
    """Send `start` and then a byte every half second; tell whether the server ends it."""
    with socket.create_connection(("127.0.0.1", int(environment["PORT"])), timeout=0.5) as raw:
        raw.sendall(start)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if not raw.recv(65_536):
                    return True
            except TimeoutError:
                with contextlib.suppress(OSError):
                    raw.sendall(b"x" if start and not start.endswith(b"\r\n\r\n") else b"")
            except OSError:
                return True
    return False


def test_the_limit_of_files_is_raised_or_named(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    environment = installation(
        tmp_path, scripted_server.url, "steady", DJANGO_SETTINGS_MODULE="tests.settings"
    )
    take_seats(environment, 0)
    with running(environment, 300, 2000) as process:
        limit = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    assert limit == (2000, 2000)
    with running(environment, 300, 300, subprocess.PIPE) as process:
        pass
    assert process.stderr is not None
    with process.stderr:
        assert b"300 files only" in process.stderr.read()
