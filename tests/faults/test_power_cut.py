"""What was answered as saved survives a power cut: it was synced to the disk before the answer.

No power is cut here: the web process runs under strace, and its calls are read in their order.
"""

import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.conftest import ScriptedServer
from tests.support.processes import running
from tests.support.seats import CSRF, SESSION, Seat, take_seats
from tests.support.web import installation

SAVES = 10
SYNCED = re.compile(r"f(?:data)?sync\(\d+<[^>]*/db\.sqlite3-wal>")
ANSWERED = re.compile(r'(?:sendto|sendmsg|write|writev)\(.*"HTTP/1\.1 200 OK')


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_save_is_on_the_disk_before_it_is_answered(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    data, trace = tmp_path / "data", tmp_path / "calls"
    data.mkdir()
    environment = installation(
        data, scripted_server.url, "steady", DJANGO_SETTINGS_MODULE="tests.settings"
    )
    [seat] = take_seats(environment, 1)
    url = f"http://127.0.0.1:{environment['PORT']}"
    traced = ["strace", "-f", "-qq", "-y", "-s", "32", "-o", str(trace)]
    traced += ["-e", "trace=fsync,fdatasync,sendto,sendmsg,write,writev"]
    serving = ["-m", "storaiteller_site.serving.web", "--verbosity", "0"]
    serving += ["--port", environment["PORT"], "storaiteller_site.asgi:application"]
    command = [*traced, sys.executable, *serving]
    with (
        running(command, ready_url=f"{url}/health/", env=environment),
        httpx.Client(base_url=url, trust_env=False, timeout=60) as browser,
    ):
        save = opened(browser, seat)
        begin = len(calls(trace))
        for version in range(SAVES):
            save(version)
        time.sleep(0.5)
        order = calls(trace)[begin:]
    assert order.count("answered") == SAVES
    synced = 0
    for number, call in enumerate(order):
        synced += call == "synced"
        if call == "answered":
            answers = order[: number + 1].count("answered")
            assert synced >= answers, f"answer {answers} came before its text was on the disk"


def opened(browser: httpx.Client, seat: Seat) -> Callable[[int], None]:
    """Open the seat's story; returns what saves a text on a version."""
    browser.cookies.set(SESSION, seat.session_key)
    page = browser.get(f"/stories/{seat.story_id}/")
    assert page.status_code == 200
    headers = {"X-CSRFToken": browser.cookies[CSRF]}

    def save(version: int) -> None:
        answer = browser.post(
            f"/stories/{seat.story_id}/text/",
            json={"version": version, "text": f"Text number {version}."},
            headers=headers,
        )
        assert answer.status_code == 200, answer.text

    return save


def calls(trace: Path) -> list[str]:
    """Return the syncs of the database's log and the answers so far, in the order they were made.

    A call that another thread interrupts in the trace is on two lines; its end has no arguments.
    """
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        if SYNCED.search(line):
            found.append("synced")
        elif ANSWERED.search(line):
            found.append("answered")
    return found
