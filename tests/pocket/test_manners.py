"""Pocket behaves as one Ollama or another where they differ; tests/conformance asks it all."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pocket.server import answers
from pocket.server.answers import Models
from pocket.server.engine import Engine, Loaded, Piece, Weights
from pocket.server.manners import DETECTED, MANNERS, POCKET
from pocket.server.shipped import TINY, Shipped
from pocket.server.store import Manifest, Store
from tests.support.pocket import pocket

OPEN = "{{ $last := eq (len (slice $.Messages $i)) 1 }}"
MESSAGES = [{"role": "user", "content": "Write."}, {"role": "assistant", "content": "Anna ran"}]


@pytest.mark.parametrize(
    ("family", "template", "is_open", "is_echoed", "repeats"),
    [
        (POCKET, "", True, False, None),
        ("ollama-0.24", "", False, False, 30),
        ("ollama-0.24", OPEN, True, False, 30),
        ("ollama-0.24", DETECTED, False, False, 30),
        ("ollama-0.33", "", True, True, None),
        ("ollama-0.33", OPEN, True, False, 30),
    ],
)
def test_a_template_of_its_own_decides(
    family: str, template: str, is_open: bool, is_echoed: bool, repeats: int | None
) -> None:
    manners, manifest = MANNERS[family], Manifest("m:latest", "", template=template)
    assert manners.is_open(manifest) == is_open
    assert manners.is_echoed(manifest) == is_echoed
    assert manners.repeats(manifest) == repeats


class Stuck(Engine):
    """A model that can only say one thing."""

    def __init__(self) -> None:
        super().__init__(1, 1)
        self.asked: dict[str, Any] = {}

    async def load(self, weights: Weights, keep: float = 0.0) -> Loaded:
        return Loaded(None, weights, 0, 0.0, 0.0, keep)

    async def generate(self, loaded: Loaded, request: dict[str, Any]) -> AsyncIterator[Piece]:
        self.asked = request
        for _ in range(50):
            yield Piece(" ha")
        yield Piece("", "length")


async def lines(family: str, folder: Path, **body: Any) -> tuple[list[dict[str, Any]], Stuck]:
    """Return the lines of the stuck model's answer."""
    engine = Stuck()
    models = Models(Store(folder, Shipped(TINY)), engine, MANNERS[family])
    asked = {"model": "pocket", "messages": MESSAGES, **body}
    return [line async for line in answers.chat(models, asked)], engine


async def test_what_only_repeats_itself_ends_without_a_word(tmp_path: Path) -> None:
    whole, _ = await lines(POCKET, tmp_path)
    assert len(whole) == 51
    assert whole[-1]["done"] is True
    cut, _ = await lines("ollama-0.24", tmp_path)
    assert len(cut) == 31
    assert not any(line["done"] for line in cut)


async def test_an_echo_comes_once_and_first(tmp_path: Path) -> None:
    echoed, _ = await lines("ollama-0.33", tmp_path)
    text = "".join(line["message"]["content"] for line in echoed)
    assert text == "Anna ran" + " ha" * 50
    assert echoed[0]["message"]["content"] == "Anna ran ha"


@pytest.mark.parametrize("family", MANNERS)
async def test_options_that_ollama_does_not_have_are_ignored_as_there(
    tmp_path: Path, family: str
) -> None:
    _, engine = await lines(family, tmp_path)
    assert ("dry_multiplier" in engine.asked) == (family == POCKET)


@pytest.fixture(scope="module", params=["ollama-0.24", "ollama-0.33"])
def client(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[httpx.Client]:
    """A pocket that is like an Ollama."""
    with (
        pocket(tmp_path_factory.mktemp("models"), "--like", request.param) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


def test_the_version_is_told(client: httpx.Client) -> None:
    told = client.get("/api/version").json()
    assert told["version"] in {"0.24.0", "0.33.0"}
    assert told["server"] == "pocket"


def minutes_left(client: httpx.Client, **body: object) -> float:
    """Return how long the model stays in memory after a request; 0 when it is gone."""
    asked = {"model": "pocket", "options": {"num_ctx": 128}, "stream": False, **body}
    assert client.post("/api/generate", json=asked).status_code == 200
    models = client.get("/api/ps").json()["models"]
    if not models:
        return 0
    left = datetime.fromisoformat(models[0]["expires_at"]) - datetime.now(UTC)
    return left.total_seconds() / 60


def test_a_model_leaves_after_five_minutes_unless_it_is_told_otherwise(
    client: httpx.Client,
) -> None:
    assert 4 < minutes_left(client) <= 5
    assert 29 < minutes_left(client, keep_alive="30m") <= 30
    assert 0.9 < minutes_left(client, keep_alive=60) <= 1
    assert minutes_left(client, keep_alive=-1) > 10**6
    assert minutes_left(client, keep_alive=0) == 0
    refused = client.post("/api/generate", json={"model": "pocket", "keep_alive": "soon"})
    assert refused.status_code == 400


def test_what_fails_after_its_first_line_does_so_inside_a_200(client: httpx.Client) -> None:
    request = {"model": "made", "files": {"a.gguf": f"sha256:{'0' * 64}"}}
    for path, body in (("/api/create", request), ("/api/pull", {"model": "made"})):
        streamed = client.post(path, json=body)
        assert streamed.status_code == 200
        first, last = streamed.text.splitlines()
        assert '"status"' in first
        assert '"error"' in last
        assert client.post(path, json={**body, "stream": False}).status_code == 400
    # What needs no look at a file has its status.
    assert client.post("/api/create", json={"model": "made"}).status_code == 400


# ---- Held against llama.cpp's own chat, which Ollama hands on since 0.30 ----


async def llama_cpp(messages: list[dict[str, str]], **more: Any) -> list[dict[str, Any]]:
    """Return the pieces of llama.cpp's answer to a chat."""
    loaded = await Engine(1, 1).load(Weights(TINY / "pocket.gguf", (), 512))
    pieces: list[dict[str, Any]] = []
    asked = {"messages": messages, "stream": True, "n_predict": 4, "temperature": 0, **more}
    loaded.server.handle_chat_completions(asked, lambda piece: pieces.append(piece))
    return pieces


async def test_the_echo_is_llama_cpps(tmp_path: Path) -> None:
    pieces = await llama_cpp(MESSAGES, echo=True)
    told = [piece["choices"][0]["delta"].get("content") for piece in pieces]
    first = next(text for text in told if text)
    ours, _ = await lines("ollama-0.33", tmp_path)
    for text in (first, ours[0]["message"]["content"]):
        assert text.startswith("Anna ran")
        assert len(text) > len("Anna ran"), "the first new piece comes with it"


def test_the_overflow_is_llama_cpps(tmp_path: Path) -> None:
    long = [{"role": "user", "content": "a long word " * 1000}]
    [piece] = asyncio.run(llama_cpp(long))
    asked = {"messages": long, "options": {"num_ctx": 512}, "truncate": False}
    with pocket(tmp_path, "--like", "ollama-0.33") as url:
        body = {"model": "pocket", **asked}
        response = httpx.post(f"{url}/api/chat", json=body, timeout=60, trust_env=False)
    assert json.loads(response.json()["error"]) == piece
