"""The disk is full for a while, in mid-story: every word is kept, and the person is told.

The web process may make no file longer than its database's log is (RLIMIT_FSIZE), as on a disk
without a free block: SQLite's writes fail, its reads go on.
"""

import resource
import time
from pathlib import Path

import httpx

from tests.conftest import ScriptedServer
from tests.faults.test_killed_web import stored
from tests.faults.test_model_server import TRUTH, written
from tests.support.seats import take_seats
from tests.support.web import client as connected
from tests.support.web import installation, web

WORDS = 200  # of the scripted model "tale": ten seconds
TOKEN = "a" * 32  # of a form, in its cookie and its header alike
NOTHING = 4096  # bytes: shorter than any file of the database


def limit(pid: int, length: int) -> None:
    """Let process `pid` make no file longer than `length` bytes."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (length, resource.RLIM_INFINITY))


def test_a_full_disk_costs_no_word_of_a_story(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    environment = installation(tmp_path, scripted_server.url, "tale")
    [seat] = take_seats(environment, 1)
    with web(environment) as process, connected(environment, seat) as page:
        page.send(type="write")
        page.follow(150)
        limit(process.pid, NOTHING)
        full = time.monotonic()
        while "not_stored" not in page.errors:
            page.receive()
        assert time.monotonic() - full < TRUTH
        assert "can't be stored" in page.messages[-1]
        page.follow(len(written(WORDS)))
        time.sleep(8)  # longer than a silent process is taken for dead
        assert not page.done
        assert len(stored(tmp_path, seat.story_id)["text"]) == 0, "the disk was not full"
        limit(process.pid, resource.RLIM_INFINITY)
        page.follow()
        assert page.done["status"] == "done"
        assert set(page.errors) == {"not_stored"}
        assert page.text == written(WORDS)
        assert stored(tmp_path, seat.story_id) == {"text": written(WORDS), "version": 1}


def test_a_save_on_a_full_disk_is_told_in_a_sentence(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    environment = installation(tmp_path, scripted_server.url, "tale")
    [seat] = take_seats(environment, 1)
    address = f"http://127.0.0.1:{environment['PORT']}/stories/{seat.story_id}/"
    with web(environment) as process, httpx.Client(trust_env=False) as browser:
        browser.cookies.set("storaiteller_session", seat.session_key)
        browser.cookies.set("storaiteller_csrf", TOKEN)
        edit = {"version": 0, "text": "Typed by hand."}

        def save() -> httpx.Response:
            return browser.post(f"{address}text/", json=edit, headers={"X-CSRFToken": TOKEN})

        limit(process.pid, NOTHING)
        refused = save()
        assert refused.status_code == 503
        assert refused.json()["code"] == "not_stored"
        assert "Nothing is lost" in refused.json()["message"]
        limit(process.pid, resource.RLIM_INFINITY)
        assert save().json()["version"] == 1
    assert stored(tmp_path, seat.story_id) == {"text": "Typed by hand.", "version": 1}
