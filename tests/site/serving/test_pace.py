"""A long answer is sent as it is read: an application of few lines behind the real web process."""

import asyncio
import http.client
import os
import sys
import time
from typing import Any

import httpx
import pytest

from storaiteller_site.serving.pace import Pace
from tests.support.processes import free_port, running

PART = b"x" * 65_536
PARTS = 1024
sent = 0  # parts, of the answers to /long


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer /long with 64 MB in parts, and anything else with how many of them are sent."""
    global sent
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/long":
        for _ in range(PARTS):
            await send({"type": "http.response.body", "body": PART, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": str(sent).encode()})


def settled(url: str) -> int:
    """Return how many parts are sent when no more are sent for a while."""
    count = -1
    while count != (count := int(httpx.get(url, trust_env=False).text)):
        time.sleep(0.5)
    return count


def test_an_answer_waits_for_who_reads_it() -> None:
    port = free_port()
    command = [sys.executable, "-m", "storaiteller_site.serving.web", "--verbosity", "0"]
    command += ["--port", str(port), f"{__name__}:application"]
    url = f"http://127.0.0.1:{port}/"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with running(command, ready_url=url, env=environment):
        slow = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        slow.request("GET", "/long")
        answer = slow.getresponse()
        assert 0 < settled(url) < PARTS / 2, "what the client has not read is not made yet"
        length = 0
        while part := answer.read(1_000_000):
            length += len(part)
        assert length == PARTS * len(PART)
        assert settled(url) == PARTS
        # On the same connection, as before.
        slow.request("GET", "/")
        assert slow.getresponse().read() == str(PARTS).encode()
        slow.request("GET", "/long")
        slow.getresponse()
        slow.close()
        assert httpx.get(url, trust_env=False).status_code == 200, "one that goes harms nobody"


async def test_who_never_reads_is_given_up() -> None:
    pace = Pace()
    await pace.wait()
    pace.pauseProducing()
    with pytest.raises(TimeoutError):
        await pace.wait(0.01)
    waiting = asyncio.ensure_future(pace.wait())
    await asyncio.sleep(0)
    pace.stopProducing()
    await waiting
