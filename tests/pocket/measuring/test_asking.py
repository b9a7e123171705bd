"""Asking a scripted server, and going on from what it answered."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pocket.measuring.asking import Answer, Asked, AskingError, ModelServer
from pocket.measuring.record import Desk, Record
from tests.conftest import ScriptedServer
from tests.support.processes import free_port


@contextmanager
def late_server(seconds: float) -> Iterator[str]:
    """Serve an answer whose very headers come `seconds` late; yields the address."""

    class Late(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(seconds)
            self.send_response(200)
            self.end_headers()
            line = {"message": {"content": "One."}, "done": True, "done_reason": "stop"}
            self.wfile.write(json.dumps(line).encode() + b"\n")

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Late) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def asked(seed: int = 1, most_words: int = 500) -> Asked:
    return Asked("Write.", "", num_predict=1000, seed=seed, most_words=most_words)


@pytest.fixture
def server(
    scripted_server: ScriptedServer, request: pytest.FixtureRequest
) -> Iterator[ModelServer]:
    with ModelServer(scripted_server.url, request.param) as server:
        yield server


@pytest.mark.parametrize("server", ["miscounts"], indirect=True)
def test_an_answer_is_read_to_its_end(server: ModelServer) -> None:
    answer = server.ask(asked())
    assert (answer.text, answer.ended) == ("One two.", True)
    assert 0 < answer.first_word < 10


def test_the_first_word_is_waited_for_from_the_request_on() -> None:
    with late_server(0.4) as url, ModelServer(url, "late") as server:
        assert 0.4 <= server.ask(asked()).first_word < 5


@pytest.mark.parametrize("server", ["cut"], indirect=True)
def test_what_the_server_cut_did_not_end(server: ModelServer) -> None:
    assert not server.ask(asked()).ended


@pytest.mark.parametrize("server", ["long"], indirect=True)
def test_no_more_is_read_than_the_app_reads(server: ModelServer) -> None:
    answer = server.ask(asked(most_words=30))
    assert not answer.ended
    assert 50 <= len(answer.text.split()) < 80


def test_the_request_is_the_apps(scripted_server: ScriptedServer) -> None:
    name = "asked-for-once"
    with ModelServer(scripted_server.url, name) as server:
        server.ask(Asked("Write.", "It was", 30, seed=7, most_words=99, stop=("The end",)))
    [chat] = scripted_server.chats(name)
    assert chat["body"] == {
        "model": name,
        "messages": [
            {"role": "user", "content": "Write."},
            {"role": "assistant", "content": "It was"},
        ],
        "stream": True,
        "options": {"seed": 7, "num_predict": 30, "stop": ["The end"]},
    }


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ("missing", "refused with status 404: model 'missing' not found"),
        ("resets", "broke off"),
        ("halves", "broke off"),
        ("ends", "broke off in the middle of an answer"),
        ("errs", "an error was encountered while running"),
        ("garbles", "broke off"),
    ],
    indirect=["server"],
)
def test_a_failure_is_a_sentence(server: ModelServer, told: str) -> None:
    with pytest.raises(AskingError, match=told):
        server.ask(asked())


def test_a_dead_server_is_a_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with (
        ModelServer(url, "any") as server,
        pytest.raises(AskingError, match=f"No model server answers at {url}"),
    ):
        server.digest()


def test_an_interrupted_run_goes_on(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    name, kept = "goes-on", tmp_path / "answers.jsonl"
    with ModelServer(scripted_server.url, name) as server:
        first = Desk(server, Record(kept), 2).answers([asked(1), asked(2)], "stories")
        # Killed while it wrote a line.
        kept.write_text(kept.read_text() + '\n{"key": "abc", "te')
        again = Desk(server, Record(kept), 2).answers([asked(2), asked(3), asked(1)], "stories")
        assert Desk(server, Record(kept), 2).answers([asked(3)], "stories") == [again[1]]
    assert (again[0], again[2]) == (first[1], first[0])
    seeds = [chat["body"]["options"]["seed"] for chat in scripted_server.chats(name)]
    assert sorted(seeds) == [1, 2, 3]


def test_another_model_of_the_same_name_is_asked_anew() -> None:
    with ModelServer("http://127.0.0.1:1", "pocket") as server:
        keys = {server.key(asked(seed), digest) for seed in (1, 2) for digest in ("", "abc")}
        assert len(keys) == 4
        assert server.key(asked(1), "abc") in keys


def test_the_record_gives_back_what_it_keeps(tmp_path: Path) -> None:
    answer = Answer("Zoë\n\n…\u2028", True, 0.5, 30.0)
    Record(tmp_path / "a.jsonl").add("key", answer)
    assert Record(tmp_path / "a.jsonl").get("key") == answer
    assert Record(tmp_path / "a.jsonl").get("other") is None
