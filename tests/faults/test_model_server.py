"""A model server that fails in every way: what it wrote is kept, and the page says what happened.

One web process, one writer; the scripted model server changes its behaviour between the stories.
"""

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.conftest import ScriptedServer
from tests.faults.test_killed_web import stored
from tests.support.model_server import tokens
from tests.support.processes import free_port, running
from tests.support.seats import Seat, take_seats
from tests.support.web import Client, client, installation, web

TRUTH = 10.0  # seconds within which the page knows
MODEL = "fickle"


class Fault(NamedTuple):
    """What the model server does, and what the person is told."""

    script: str
    code: str
    message: str
    words: int = 0  # that were written before


FAULTS = [
    Fault("missing", "model_missing", "The model fickle is not installed on the model server."),
    Fault("busy", "server_busy", "The model server is busy."),
    Fault("faulty", "server_fault", "The model server refused the request."),
    Fault("narrow", "prompt_too_long", "longer than the model can read"),
    Fault("never", "silent", "did not begin to write"),
    Fault("hangs", "silent", "fell silent while it was writing", words=20),
    Fault("resets", "broken_stream", "The connection to the model server broke.", words=20),
    Fault("ends", "broken_stream", "ended its answer in the middle", words=20),
    Fault("errs", "server_fault", "failed while it was writing", words=20),
    Fault("halves", "broken_stream", "broke off, or can't be read", words=20),
    Fault("garbles", "broken_stream", "broke off, or can't be read", words=20),
]


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[dict[str, str]]:
    """A running installation with less patience than usual."""
    found = installation(
        tmp_path_factory.mktemp("model-server"),
        scripted_server.url,
        MODEL,
        MODEL_LOAD_SECONDS="12",
        MODEL_SILENCE_SECONDS="3",
        GENERATIONS_PER_MINUTE="0",
    )
    take_seats(found, 0)
    with web(found):
        yield found


@pytest.fixture(scope="module")
def seats(environment: dict[str, str]) -> list[Seat]:
    """Signed-in writers with empty stories, one for each test."""
    return take_seats(environment, len(FAULTS) + 1)


@pytest.fixture
def seat(seats: list[Seat]) -> Seat:
    """One that nobody has taken yet."""
    return seats.pop()


def act(server: str, script: str) -> None:
    """Let the model follow `script`."""
    httpx.post(f"{server}/act", json={MODEL: script}, trust_env=False).raise_for_status()


def written(words: int) -> str:
    """Return what the scripted model server has said after so many words."""
    return "".join(itertools.islice(tokens(), words))


def write(environment: dict[str, str], page: Client, script: str) -> None:
    """Let the model write as `script` says, to the end."""
    act(environment["OLLAMA_HOST"], script)
    page.send(type="write")
    page.receive()
    page.follow()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.script)
def test_a_fault_costs_no_word_and_has_a_message_of_its_own(
    environment: dict[str, str], seat: Seat, fault: Fault
) -> None:
    with client(environment, seat) as page:
        write(environment, page, fault.script)
        assert page.errors == [fault.code]
        assert fault.message in page.messages[-1]
        assert page.done["status"] == "failed"
        kept = stored(Path(environment["DATA_DIR"]), seat.story_id)
        assert kept["text"] == page.text.rstrip() == written(fault.words)
        assert kept["version"] == page.done["version"] == bool(fault.words)
        # And the next one is written as if nothing had been.
        write(environment, page, "steady")
        assert page.done["status"] == "done"
        assert page.text == written(60)


def test_each_message_is_another_one() -> None:
    messages = [fault.message for fault in FAULTS if fault.script != "garbles"]
    assert len(set(messages)) == len(messages)


def test_a_model_that_loads_for_long_is_waited_for(environment: dict[str, str], seat: Seat) -> None:
    """Longer than it may be silent later: three minutes to one are eight seconds to three.

    Somebody who opens the page meanwhile is told that it is under way.
    """
    act(environment["OLLAMA_HOST"], "loads")
    with client(environment, seat) as page:
        page.send(type="write")
        page.receive()
        with client(environment, seat) as other:
            assert other.receive()["status"] == "running"
        page.follow()
        assert page.errors == []
        assert page.done["status"] == "done"
        assert page.text == written(20)


def test_a_model_server_killed_in_mid_story_and_started_again(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.support.model_server", "--port", str(port)]
    environment = installation(tmp_path, url, "slow")
    [seat] = take_seats(environment, 1)
    with web(environment), client(environment, seat) as page:
        with running(command, ready_url=f"{url}/api/version") as server:
            page.send(type="write")
            page.follow(200)
            server.kill()
            server.wait()
            killed = time.monotonic()
            page.follow()
            assert time.monotonic() - killed < TRUTH
        assert page.errors == ["broken_stream"]
        assert page.done["status"] == "failed"
        kept = stored(tmp_path, seat.story_id)["text"]
        assert kept == page.text.rstrip()
        assert written(400).startswith(kept)
        page.send(type="continue")
        page.receive()
        page.follow()
        assert page.errors[1:] == ["unreachable"]
        assert "can't be reached" in page.messages[-1]
        with running(command, ready_url=f"{url}/api/version"):
            page.send(type="continue")
            page.receive()
            page.follow(60)
            page.send(type="stop")
            page.follow()
        assert page.done["status"] == "stopped"
        assert stored(tmp_path, seat.story_id)["text"] == kept + page.text.rstrip()
