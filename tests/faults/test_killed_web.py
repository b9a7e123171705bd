"""kill -9 of the web process in mid-story: what was written is kept, and the page says what is."""

import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

from tests.conftest import ScriptedServer
from tests.support.seats import take_seats
from tests.support.web import client, installation, web

# The scripted model "slow" writes 20 words a second; this is more than a second of them.
ONE_SECOND = 150  # code points


def stored(data: Path, story: int) -> dict[str, Any]:
    """Return the story as it is in the database."""
    with sqlite3.connect(data / "db.sqlite3") as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(
            "select text, version from stories_story where id = ?", [story]
        ).fetchone()
    connection.close()
    return dict(row)


def newest_status(data: Path, story: int) -> str:
    """Return how the story's newest generation stands in the database."""
    query = "select status from stories_generation where story_id = ? order by id desc"
    with sqlite3.connect(data / "db.sqlite3") as connection:
        [status] = connection.execute(query, [story]).fetchone()
    connection.close()
    return str(status)


def test_at_most_a_second_of_text_is_lost(tmp_path: Path, scripted_server: ScriptedServer) -> None:
    environment = installation(tmp_path, scripted_server.url, "slow")
    [seat] = take_seats(environment, 1)
    with web(environment) as process, client(environment, seat) as before:
        before.send(type="write")
        before.follow(400)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert scripted_server.chats("slow")[-1]["ended"] in {"open", "closed"}

    with web(environment), client(environment, seat) as after:
        hello = after.receive()
        assert hello["status"] in {"running", "interrupted"}
        after.send(type="attach", generation=hello["id"], offset=0)
        after.follow()
        assert after.done["status"] == "interrupted"
        assert after.errors == ["interrupted"]
        kept = stored(tmp_path, seat.story_id)
        assert kept["text"] == after.text
        assert before.text.startswith(kept["text"])
        assert len(kept["text"]) >= len(before.text) - ONE_SECOND
        assert kept["version"] == after.done["version"] == 1

        after.send(type="continue")
        after.receive()
        after.follow(60)
        after.send(type="stop")
        after.follow()
        assert after.done["status"] == "stopped"
        assert stored(tmp_path, seat.story_id)["text"] == kept["text"] + after.text.rstrip()


def test_a_deploy_loses_no_word(tmp_path: Path, scripted_server: ScriptedServer) -> None:
    """A process that is asked to end stores what it has; the next one tells how it stands."""
    environment = installation(tmp_path, scripted_server.url, "slow")
    [seat] = take_seats(environment, 1)
    with web(environment), client(environment, seat) as before:
        before.send(type="write")
        before.follow(400)
    with web(environment), client(environment, seat) as after:
        after.send(type="attach", generation=after.receive()["id"], offset=0)
        after.follow()
        assert after.done["status"] == "interrupted"
        assert after.text.startswith(before.text.rstrip())
        assert stored(tmp_path, seat.story_id)["text"] == after.text
