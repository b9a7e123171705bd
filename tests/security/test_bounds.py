"""What a client may send: from where, how much, and how often. Against real processes."""

import asyncio
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from websockets import Origin
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from storaiteller_site.serving.web import MAX_BODY
from stories.errors import Refused
from stories.live import close_codes
from stories.live.frames import MAX_FRAME_LENGTH
from stories.models import Generation, Story, User
from stories.writing import rates
from tests.conftest import ScriptedServer
from tests.support.seats import CSRF, Seat, session_cookie, take_seats
from tests.support.sockets import StorySocket
from tests.support.web import Client as SocketClient
from tests.support.web import client, installation, web

PUBLIC = "https://stories.example.org"
MOST_SOCKETS = 40  # unless SOCKETS_PER_WRITER says otherwise
PASSWORD = "alice's-long-password"


def manage(environment: dict[str, str], *arguments: str) -> None:
    """Run a command of manage.py on the installation."""
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[dict[str, str]]:
    """A running installation with a public origin beside the local ones."""
    folder = tmp_path_factory.mktemp("bounds")
    # A second, plain origin keeps the cookies plain too: this browser comes over http.
    origins = f"{PUBLIC},http://lan.example:8000"
    found = installation(
        folder,
        scripted_server.url,
        "steady",
        PUBLIC_ORIGINS=origins,
        DJANGO_SETTINGS_MODULE="tests.settings",  # static files need no collecting
    )
    take_seats(found, 0)
    with web(found):
        yield found


@pytest.fixture(scope="module")
def seat(environment: dict[str, str]) -> Seat:
    """A signed-in writer."""
    [found] = take_seats(environment, 1)
    return found


# ---- From where ----


def handshake(environment: dict[str, str], seat: Seat, origin: str | None) -> int:
    """Return the status of a handshake that carries the writer's cookie."""
    try:
        with connect(
            f"ws://127.0.0.1:{environment['PORT']}/ws/stories/{seat.story_id}/",
            origin=Origin(origin) if origin is not None else None,
            additional_headers={"Cookie": session_cookie(seat)},
        ):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_sockets_are_for_our_own_pages(environment: dict[str, str], seat: Seat) -> None:
    port = environment["PORT"]
    for own in (f"http://127.0.0.1:{port}", f"http://localhost:{port}", PUBLIC):
        assert handshake(environment, seat, own) == 101, own
    for other in (
        f"http://127.0.0.1:{int(port) + 1}",  # another port of this machine is another site
        "http://127.0.0.1",
        f"https://127.0.0.1:{port}",
        PUBLIC.replace("https", "http"),
        f"{PUBLIC}:8443",
        f"{PUBLIC}.evil.example",
        "https://evil.example",
        "null",
        "file://",
    ):
        assert handshake(environment, seat, other) == 403, other
    assert handshake(environment, seat, None) == 403, "a program without an origin is no page"


def test_a_forged_host_is_refused(environment: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{environment['PORT']}/"
    for host in ("evil.example", f"evil.example:{environment['PORT']}", "stories.example.org.evil"):
        answer = httpx.get(url, headers={"Host": host}, trust_env=False)
        assert answer.status_code == 400, host
    forwarded = {"X-Forwarded-Host": "evil.example", "Daphne-Root-Path": "/evil"}
    page = httpx.get(url, headers=forwarded, trust_env=False)
    assert page.status_code == 200
    assert "evil" not in page.text


# ---- How much ----


def test_a_long_frame_is_answered_and_a_huge_one_ends_the_socket(
    environment: dict[str, str], seat: Seat
) -> None:
    with client(environment, seat) as socket:
        for length in (MAX_FRAME_LENGTH + 1, 900_000):
            socket.socket.send("x" * length)
            assert socket.receive()["code"] == "bad_frame"
        with pytest.raises(ConnectionClosed):
            send_and_listen(socket, "x" * 20_000_000)
    assert httpx.get(health(environment), trust_env=False).is_success


def send_and_listen(socket: SocketClient, text: str) -> None:
    """Send `text`, which may be cut off in the middle, and take in an answer."""
    socket.socket.send(text)
    socket.socket.recv(timeout=30)


def health(environment: dict[str, str]) -> str:
    """Return the address of the health check."""
    return f"http://127.0.0.1:{environment['PORT']}/health/"


def test_a_body_is_refused_by_its_announced_length(environment: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(environment["PORT"]), timeout=30)
    connection.putrequest("POST", "/accounts/login/")
    connection.putheader("Content-Length", str(50 * 1024**3))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_without_end_is_cut_off(environment: dict[str, str]) -> None:
    address = ("127.0.0.1", int(environment["PORT"]))
    with socket.create_connection(address, timeout=30) as raw:
        raw.sendall(
            b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        with pytest.raises(OSError, match=r"reset|Broken pipe|aborted"):
            send_chunks(raw, 50 * MAX_BODY)
    assert httpx.get(health(environment), trust_env=False).is_success


def send_chunks(raw: socket.socket, length: int) -> None:
    """Send `length` bytes of a body: far more than the buffers on the way can hold."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in range(length // 0x10000):
        raw.sendall(chunk)


def test_what_fits_is_read(environment: dict[str, str]) -> None:
    login = f"http://127.0.0.1:{environment['PORT']}/accounts/login/"
    for length, status in ((1_000_000, 403), (3_000_000, 403)):
        answer = httpx.post(login, content=b"x" * length, trust_env=False)
        assert answer.status_code == status, "no form token, but read"


@pytest.mark.django_db
def test_a_body_that_django_does_not_take(client: Client, alice: User, story: Story) -> None:
    client.force_login(alice)
    text = reverse("stories:text", args=[story.pk])
    body = json.dumps({"version": 0, "text": "x" * 3_000_000})
    assert client.post(text, body, content_type="application/json").status_code in {400, 413}
    fields = {f"field{number}": "x" for number in range(2000)}
    assert client.post(reverse("stories:new"), fields).status_code == 400
    story.refresh_from_db()
    assert story.version == 0


@pytest.mark.django_db
def test_files_are_not_taken(client: Client, alice: User, tmp_path: Path) -> None:
    client.force_login(alice)
    upload = tmp_path / "x.svg"
    upload.write_text("<svg onload=alert(1)>" * 100_000)
    with upload.open("rb") as file:
        answer = client.post(reverse("stories:new"), {"main_characters": file, "keywords": "x"})
    assert answer.status_code == 422
    assert answer.wsgi_request.FILES == {}


# ---- How often ----


@pytest.mark.django_db(transaction=True)
async def test_a_writer_may_start_so_many_in_a_minute(
    model_server: ScriptedServer, story: Story, charlie: User, settings: Settings
) -> None:
    settings.GENERATIONS_PER_MINUTE = 3
    await _start_of_a_minute()
    async with StorySocket(story.owner, story.pk) as first:
        for _ in range(3):
            await first.send(type="write")
            assert (await first.until_done()).done["status"] == "done"
        async with StorySocket(story.owner, story.pk) as second:
            await second.receive()
            await second.send(type="continue")
            refused = await second.receive()
        assert refused["code"] == "rate_limited"
        assert "Wait" in refused["message"]
    assert await Generation.objects.acount() == 3
    rates.count_generation(charlie.pk)


async def _start_of_a_minute() -> None:
    """Come back when a minute has just begun, so that all of the test lies in it."""
    late = time.time() % 60
    if late > 30:
        await asyncio.sleep(60 - late)


def test_parallel_starts_are_counted_one_by_one(settings: Settings) -> None:
    settings.GENERATIONS_PER_MINUTE = 10

    def start(_: int) -> bool:
        try:
            rates.count_generation(999_001)
        except Refused:
            return False
        return True

    if time.time() % 60 > 50:
        time.sleep(11)
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(start, range(200))) == 10
    settings.GENERATIONS_PER_MINUTE = 0
    assert all(start(number) for number in range(20))


def test_passwords_are_not_guessed_in_parallel(environment: dict[str, str]) -> None:
    """Of forty guesses at once at most five are looked at; then the right one waits too."""
    code = (
        f"from stories.models import User; User.objects.create_user('alice', password={PASSWORD!r})"
    )
    manage(environment, "shell", "-v", "0", "-c", code)
    url = f"http://127.0.0.1:{environment['PORT']}/accounts/login/"

    def guess(password: str) -> str:
        with httpx.Client(trust_env=False, timeout=60) as browser:
            if browser.get(url).status_code == 429:
                return "slowed down"
            data = {"login": "alice", "password": password}
            data["csrfmiddlewaretoken"] = browser.cookies[CSRF]
            answer = browser.post(url, data=data, headers={"Referer": url})
        if answer.status_code == 302:
            return "in"
        if answer.status_code == 429 or "Too many failed" in answer.text:
            return "slowed down"
        return "wrong"

    with ThreadPoolExecutor(8) as pool:
        fates = list(pool.map(guess, (f"guess {number}" for number in range(40))))
    assert fates.count("wrong") <= 5
    assert set(fates) == {"wrong", "slowed down"}
    assert guess(PASSWORD) == "slowed down"


def test_more_sockets_than_anybody_reads_are_refused_in_words(
    environment: dict[str, str],
) -> None:
    greedy, other = take_seats(environment, 2)
    with ExitStack() as stack:
        held = [stack.enter_context(client(environment, greedy)) for _ in range(MOST_SOCKETS)]
        with client(environment, greedy) as one_more:
            assert one_more.receive()["code"] == "too_many_pages"
            assert f"{MOST_SOCKETS} pages" in one_more.messages[0]
            with pytest.raises(ConnectionClosed) as end:
                one_more.receive()
        assert end.value.rcvd is not None
        assert end.value.rcvd.code == close_codes.TOO_MANY
        with client(environment, other) as theirs:
            theirs.send(type="write")
            theirs.follow(10)
        held[0].socket.close()
        with client(environment, greedy) as instead:
            instead.send(type="write")
            instead.follow(10)
