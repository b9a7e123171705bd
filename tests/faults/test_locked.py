"""Another program holds the SQLite library for long: everybody is told within ten seconds.

A backup or a tool that opens the file may do so; nothing fails at once then, everything waits.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx

from tests.conftest import ScriptedServer
from tests.faults.test_killed_web import stored
from tests.faults.test_model_server import TRUTH, written
from tests.support.seats import CSRF, session_cookie, take_seats
from tests.support.web import client as connected
from tests.support.web import installation, web

WORDS = 200  # of the scripted model "tale": ten seconds
TOKEN = "a" * 32  # of a form, in its cookie and its header alike


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the library's write lock."""
    [path] = folder.glob("*.sqlite3")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_locked_library_is_told_in_time_and_costs_no_word(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    environment = installation(tmp_path, scripted_server.url, "tale")
    writing, saving = take_seats(environment, 2)
    address = f"http://127.0.0.1:{environment['PORT']}/stories/{saving.story_id}/"
    cookies = {"Cookie": f"{session_cookie(saving)}; {CSRF}={TOKEN}", "X-CSRFToken": TOKEN}
    with (
        web(environment),
        connected(environment, writing) as page,
        httpx.Client(trust_env=False, headers=cookies, timeout=30) as browser,
    ):
        page.send(type="write")
        page.follow(150)
        with locked(tmp_path):
            begun = time.monotonic()
            while "not_stored" not in page.errors:
                page.receive()
            assert time.monotonic() - begun < TRUTH
            begun = time.monotonic()
            refused = browser.post(f"{address}text/", json={"version": 0, "text": "By hand."})
            assert time.monotonic() - begun < TRUTH
            assert refused.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            assert refused.json()["code"] == "not_stored"
            assert browser.get(f"{address}text/").status_code == HTTPStatus.OK, (
                "reading needs no lock"
            )
            page.follow(len(written(WORDS)))
            assert not page.done
        page.follow()
        assert page.done["status"] == "done"
        assert page.text == written(WORDS)
    assert stored(tmp_path, writing.story_id) == {"text": written(WORDS), "version": 1}
