"""The compose file's own commands, as plain processes on PostgreSQL and Redis, behind the proxy.

No container engine runs here. What a container adds is left out (users, networks, volumes); the
commands, the environment and the proxy's configuration are the ones that are deployed.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets import Origin
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import ScriptedServer
from tests.docker.conftest import ROOT
from tests.support.processes import free_port, stop, wait_until_ready
from tests.support.seats import CSRF, Seat, session_cookie, take_seats
from tests.support.servers import postgres_server, redis_server
from tests.support.web import STATIC_ROOT, Client

REPLICAS = 2
FORBIDDEN = 403


@dataclass
class Stack:
    """The services, running."""

    site: str
    environment: dict[str, str]
    webs: list["subprocess.Popen[bytes]"]
    worker: "subprocess.Popen[bytes]"
    beat: "subprocess.Popen[bytes]"


def environment_of(service: dict[str, Any], places: dict[str, str]) -> dict[str, str]:
    """Return a service's environment with the addresses of this machine in the containers'."""
    found = {name: str(value) for name, value in service["environment"].items() if value}
    # What the image sets.
    found |= {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings"}
    return {**found, **places}


def command_of(service: dict[str, Any], changes: dict[str, str]) -> list[str]:
    """Return a service's command with this machine's Python and `changes` to its arguments."""
    program, *arguments = service["command"]
    assert program == "python"
    return [sys.executable, *(changes.get(argument, argument) for argument in arguments)]


def caddy(site: str, ports: list[str], home: Path) -> "subprocess.Popen[bytes]":
    """Start the compose file's proxy at `site`, in front of the web processes at `ports`."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy is not installed")
    return subprocess.Popen(
        [program, "run", "--config", "docker/Caddyfile", "--adapter", "caddyfile"],
        cwd=ROOT,
        env={
            "SITE_ORIGIN": site,
            "WEB_SERVERS": " ".join(f"127.0.0.1:{port}" for port in ports),
            "HOME": str(home),
        },
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    scripted_server: ScriptedServer,
    compose: dict[str, Any],
) -> Iterator[Stack]:
    """Start setup, two web processes, worker, beat and the proxy as the compose file does."""
    folder = tmp_path_factory.mktemp("stack")
    for name in ("data", "redis", "postgres", "caddy"):
        (folder / name).mkdir()
    services = compose["services"]
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_server(folder / "redis"))
        database_url = stack.enter_context(postgres_server(folder / "postgres"))
        site = f"http://127.0.0.1:{free_port()}"
        places = {
            "DATA_DIR": str(folder / "data"),
            "STATIC_ROOT": STATIC_ROOT,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "OLLAMA_HOST": scripted_server.url,
            "STORY_MODEL": "slow",
            "PUBLIC_ORIGINS": site,
        }
        environment = environment_of(services["web"], places)
        code = "from storaiteller_site.serving.supervisor import collect_static; collect_static()"
        collect = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
        for command in (collect, command_of(services["setup"], {})):
            subprocess.run(command, env=environment, cwd=ROOT, check=True)

        def start(command: list[str]) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
            stack.callback(stop, process)
            return process

        webs, ports = [], [str(free_port()) for _ in range(REPLICAS)]
        for port in ports:
            # Each container has a port 8000 of its own; here they share a machine.
            changes = {"8000": port, "0.0.0.0": "127.0.0.1"}
            webs.append(start(command_of(services["web"], changes)))
        schedule = {"/tmp/beat-schedule": str(folder / "beat-schedule")}
        worker = start(command_of(services["worker"], {}))
        beat = start(command_of(services["beat"], schedule))
        for process, port in zip(webs, ports, strict=True):
            wait_until_ready(f"http://127.0.0.1:{port}/health/", process)
        proxy = caddy(site, ports, folder / "caddy")
        stack.callback(stop, proxy)
        wait_until_ready(f"{site}/health/", proxy)
        yield Stack(site, environment, webs, worker, beat)


@pytest.fixture(scope="module")
def seats(stack: Stack) -> list[Seat]:
    """Signed-in writers."""
    return take_seats(stack.environment, 3)


def socket_on(stack: Stack, seat: Seat, origin: str = "") -> Any:
    """Connect to the seat's story through the proxy."""
    return connect(
        f"{stack.site.replace('http', 'ws')}/ws/stories/{seat.story_id}/",
        origin=Origin(origin or stack.site),
        additional_headers={"Cookie": session_cookie(seat)},
    )


def test_pages_and_their_files_come_through_the_proxy(stack: Stack) -> None:
    page = httpx.get(f"{stack.site}/", trust_env=False)
    assert page.status_code == 200
    assert "StorAIteller" in page.text
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    sheet = httpx.get(f"{stack.site}{style}", trust_env=False)
    assert sheet.status_code == 200
    assert "immutable" in sheet.headers["Cache-Control"]


def test_a_story_is_written_over_a_socket_through_the_proxy(
    stack: Stack, seats: list[Seat]
) -> None:
    with socket_on(stack, seats[0]) as one, socket_on(stack, seats[0]) as other:
        first, second = Client(one), Client(other)
        first.send(type="write")
        second.follow(100)
        second.send(type="stop")
        first.follow()
        second.follow()
        assert first.done["status"] == "stopped"
        assert first.text == second.text
    with (
        pytest.raises(InvalidStatus) as refused,
        socket_on(stack, seats[0], "https://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == FORBIDDEN


def test_what_a_client_says_about_itself_is_not_believed(stack: Stack) -> None:
    """The sign-in limit counts by the address that the proxy saw, not by the one made up."""
    with httpx.Client(base_url=stack.site, trust_env=False, timeout=60) as browser:
        browser.get("/accounts/login/")
        fields = {"password": "guess", "csrfmiddlewaretoken": browser.cookies[CSRF]}
        answers = [
            browser.post(
                "/accounts/login/",
                data={**fields, "login": f"somebody{number}"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            ).text
            for number in range(14)
        ]
    assert "Too many failed" not in answers[0]
    assert "Too many failed" in answers[-1]
    page = httpx.get(
        f"{stack.site}/",
        headers={"Daphne-Root-Path": "/evil", "X-Forwarded-Host": "evil.example"},
        trust_env=False,
    )
    assert "evil" not in page.text


def test_a_body_that_is_too_long_ends_at_the_proxy(stack: Stack) -> None:
    answer = httpx.post(f"{stack.site}/accounts/login/", content=b"x" * 5_000_000, trust_env=False)
    assert answer.status_code in {413, 502}, "releases of the proxy word it differently"


def test_the_worker_does_what_beat_says(stack: Stack, seats: list[Seat]) -> None:
    """A generation whose process is gone is closed without anybody looking at it."""
    abandon = (
        "from datetime import timedelta; from django.utils import timezone;"
        "from stories.writing.opening import open_generation;"
        "from stories.models import Generation, Story;"
        f"story = Story.objects.get(pk={seats[1].story_id});"
        "generation = open_generation(story.pk, story.owner, 'write');"
        "old = timezone.now() - timedelta(hours=1);"
        "Generation.objects.filter(pk=generation.pk).update(heartbeat_at=old)"
    )
    manage(stack, abandon)
    show = f"print(Story.objects.get(pk={seats[1].story_id}).generations.get().status)"
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        status = manage(stack, f"from stories.models import Story; {show}")
        if status == "interrupted":
            break
        time.sleep(2)
    assert status == "interrupted"
    assert stack.worker.poll() is None
    assert stack.beat.poll() is None


def manage(stack: Stack, code: str) -> str:
    """Run `code` on the library."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    done = subprocess.run(
        command, env=stack.environment, check=True, capture_output=True, text=True, cwd=ROOT
    )
    return done.stdout.strip()


def test_one_web_process_may_die(stack: Stack, seats: list[Seat]) -> None:
    """Last of all: the other one answers, and the socket comes back through it."""
    os.killpg(stack.webs[0].pid, signal.SIGKILL)
    stack.webs[0].wait()
    for _ in range(10):
        assert httpx.get(f"{stack.site}/health/", trust_env=False).status_code == 200
    with socket_on(stack, seats[2]) as raw:
        survivor = Client(raw)
        survivor.send(type="write")
        survivor.follow(50)
        survivor.send(type="stop")
        survivor.follow()
        assert survivor.done["status"] == "stopped"
