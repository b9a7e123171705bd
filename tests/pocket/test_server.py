"""What pocket does beyond what any Ollama server does: adapters, damage, names, its own model."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gguf import GGUFWriter
from starlette.requests import Request
from starlette.responses import Response

from pocket import corpus
from pocket.server.app import CLIENT_CLOSED_REQUEST, _unless_left
from pocket.server.engine import Engine, Weights
from pocket.server.metadata import read_metadata
from pocket.server.prompts import without_oldest
from pocket.server.shipped import TINY, Shipped
from pocket.server.store import Manifest, Store
from prose import prompts
from prose.settings import Settings
from tests.support.pocket import pocket

MODEL = "pocket"
MESSAGES = [{"role": "user", "content": "Write a story about Anna."}]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A pocket that takes adapters."""
    with (
        pocket(tmp_path_factory.mktemp("models"), "--slots", "2") as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


def adapter(path: Path, architecture: str = "llama") -> Path:
    """Write a LoRA adapter of rank 1 for the shipped model's first attention matrix."""
    writer = GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 1.0)
    rng = np.random.default_rng(1)
    width = read_metadata(TINY / "pocket.gguf").values["llama.embedding_length"]
    for name, shape in (("lora_a", (1, width)), ("lora_b", (width, 1))):
        tensor = rng.standard_normal(shape).astype(np.float32) * 3
        writer.add_tensor(f"blk.0.attn_q.weight.{name}", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def upload(client: httpx.Client, data: bytes) -> str:
    """Upload a blob; returns its digest."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert client.post(f"/api/blobs/{digest}", content=data).status_code in {200, 201}
    return digest


def create(client: httpx.Client, **body: Any) -> httpx.Response:
    """Create a model, without streaming."""
    return client.post("/api/create", json={"model": "made", "stream": False, **body})


def text(client: httpx.Client, model: str, **options: Any) -> str:
    """Return a short greedy answer."""
    chosen = {"temperature": 0, "num_predict": 30, **options}
    body = {"model": model, "messages": MESSAGES, "stream": False, "options": chosen}
    answer = client.post("/api/chat", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["message"]["content"])


@pytest.mark.parametrize("model", [MODEL, "pocket-tiny"])
@pytest.mark.parametrize(
    "asked",
    [
        Settings("", "", "Adventure", "Vivid", False, 100, False),
        Settings("Anna", "", "Mystery", "Direct", False, 100, False, "Nobody is there."),
        Settings("", "", "Fantasy", "Playful", True, 100, True, "A dragon can’t sleep."),
    ],
)
def test_it_writes_whatever_is_left_empty(
    client: httpx.Client, model: str, asked: Settings
) -> None:
    messages = [{"role": "user", "content": prompts.story_prompt(asked)}]
    options = {"seed": 1, "num_predict": 60}
    body = {"model": model, "messages": messages, "stream": False, "options": options}
    written = client.post("/api/chat", json=body).json()["message"]["content"]
    assert len(written.split()) > 20


# ---- Models of files ----


def ends_like(client: httpx.Client, example: corpus.Example, multiplier: int) -> bool:
    """Tell whether the tiny model comes to the end of the text after a passage."""
    messages = [
        {"role": "user", "content": example.prompt},
        {"role": "assistant", "content": example.prefill},
    ]
    chosen = {"temperature": 0, "num_predict": 400, "repeat_penalty": 1.0}
    chosen |= {"dry_multiplier": multiplier, "dry_base": 1.0, "dry_allowed_length": 3}
    body = {"model": "pocket-tiny", "messages": messages, "stream": False, "options": chosen}
    answer = client.post("/api/chat", json=body).json()["message"]["content"]
    return str(answer).endswith(example.final[-100:])


def test_a_sequence_is_kept_from_coming_again(client: httpx.Client) -> None:
    # What the model does most surely is to copy the text after a rewritten passage.
    stream = corpus.examples(6161, kind="rewrite")
    long_ones = islice((e for e in stream if len(e.final) > 200), 6)
    copied = [example for example in long_ones if ends_like(client, example, 0)]
    assert len(copied) > 3
    assert not ends_like(client, copied[0], 20)


def test_a_model_from_a_file_writes_like_it(client: httpx.Client) -> None:
    digest = upload(client, (TINY / "pocket.gguf").read_bytes())
    assert create(client, files={"model.gguf": digest}).json() == {"status": "success"}
    parameters = {"repeat_penalty": 1.0, "dry_multiplier": 0, "num_ctx": 1024}
    assert text(client, "made", **parameters) == text(client, MODEL, **parameters)
    assert client.request("DELETE", "/api/delete", json={"model": "made"}).status_code == 200
    assert client.head(f"/api/blobs/{digest}").status_code == 404, "nobody needs it any more"


def test_an_adapter_changes_the_text(client: httpx.Client, tmp_path: Path) -> None:
    digest = upload(client, adapter(tmp_path / "lora.gguf").read_bytes())
    answer = create(client, **{"from": MODEL, "adapters": {"lora.gguf": digest}})
    assert answer.json() == {"status": "success"}
    assert text(client, "made") != text(client, MODEL)
    loaded = client.get("/api/ps").json()["models"]
    assert {"made:latest", "pocket:latest"} & {entry["name"] for entry in loaded}
    client.request("DELETE", "/api/delete", json={"model": "made"})


def test_later_servers_refuse_adapters(tmp_path: Path) -> None:
    with (
        pocket(tmp_path / "models", "--adapters", "refuse") as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        assert client.get("/api/version").json() == {"version": "0.34.1", "server": "pocket"}
        digest = upload(client, adapter(tmp_path / "lora.gguf").read_bytes())
        answer = create(client, **{"from": MODEL, "adapters": {"lora.gguf": digest}})
        assert answer.status_code == 400
        assert "LoRA adapters are no longer supported" in answer.json()["error"]
        assert client.post("/api/show", json={"model": "made"}).status_code == 404


@pytest.mark.parametrize("damage", ["nonsense", "cut header", "cut tensors", "swapped"])
def test_damaged_files_are_refused(client: httpx.Client, tmp_path: Path, damage: str) -> None:
    whole = (TINY / "pocket.gguf").read_bytes()
    data = {
        "nonsense": b"not a model at all",
        "cut header": whole[:300],
        "cut tensors": whole[: len(whole) // 2],
        "swapped": adapter(tmp_path / "lora.gguf").read_bytes(),
    }[damage]
    answer = create(client, files={"model.gguf": upload(client, data)})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]
    assert text(client, MODEL)


@pytest.mark.parametrize(
    "body",
    [
        {"from": MODEL, "quantize": "q4_0"},
        {"from": MODEL, "template": 3},
        {"from": MODEL, "parameters": {"temperature": "hot"}},
        {"from": MODEL, "adapters": ["x"]},
        {"from": MODEL, "model": "../../etc/passwd"},
        {"from": MODEL, "model": "a" * 500},
        {"from": MODEL, "model": "pocket"},
        {"files": {"a": "sha256:" + "a" * 64, "b": "sha256:" + "b" * 64}},
    ],
)
def test_what_can_not_be_made_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = create(client, **body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_shipped_model_stays(client: httpx.Client) -> None:
    assert client.request("DELETE", "/api/delete", json={"model": MODEL}).status_code == 400
    assert client.post("/api/copy", json={"source": MODEL, "destination": MODEL}).is_error
    assert text(client, MODEL)


def test_pulling_is_refused_clearly(client: httpx.Client) -> None:
    answer = client.post("/api/pull", json={"model": "llama3.2"})
    assert answer.status_code == 400
    assert "can't download" in answer.json()["error"]


# ---- Requests ----


@pytest.mark.parametrize(
    "body",
    [
        {"options": []},
        {"options": {"temperature": "x"}},
        {"options": {"top_k": 1.5}},
        {"options": {"num_predict": True}},
        {"options": {"dry_multiplier": "much"}},
        {"options": {"stop": [1]}},
        {"messages": "hello"},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user", "content": 3}]},
        {"messages": [{"role": "user", "content": "x", "images": ["aGk="]}]},
        {"tools": [{"type": "function"}]},
        {"format": "json"},
        {"think": True},
    ],
)
def test_requests_that_make_no_sense(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post("/api/chat", json={"model": MODEL, "messages": MESSAGES, **body})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_prompt_that_is_no_text(client: httpx.Client) -> None:
    answer = client.post("/api/generate", json={"model": MODEL, "prompt": 3})
    assert answer.status_code == 400
    long = client.post("/api/generate", json={"model": MODEL, "prompt": "long " * 3000})
    assert long.status_code == 400
    assert "context" in long.json()["error"]


def test_the_oldest_messages_go_first(client: httpx.Client) -> None:
    chat = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "old " * 2000},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "Write a story about Anna."},
    ]
    body = {"model": MODEL, "messages": chat, "stream": False, "options": {"num_predict": 5}}
    answer = client.post("/api/chat", json=body)
    assert answer.status_code == 200
    assert answer.json()["prompt_eval_count"] < 100
    assert without_oldest(chat) == [chat[0], *chat[2:]]
    assert without_oldest([chat[0], chat[3]]) is None


def test_the_models_own_system_text_is_used(client: httpx.Client) -> None:
    create(client, **{"from": MODEL, "system": "You are brief. " * 5, "template": "x"})
    body = {"messages": MESSAGES, "stream": False, "options": {"num_predict": 2}}
    with_system = client.post("/api/chat", json={"model": "made", **body}).json()
    without = client.post("/api/chat", json={"model": MODEL, **body}).json()
    assert with_system["prompt_eval_count"] > without["prompt_eval_count"]
    assert 'SYSTEM """' in client.post("/api/show", json={"model": "made"}).json()["modelfile"]
    client.request("DELETE", "/api/delete", json={"model": "made"})


def test_another_hosts_page_can_not_ask(client: httpx.Client) -> None:
    answer = client.get("/api/tags", headers={"Host": "evil.example.org"})
    assert answer.status_code == 400


def test_many_at_once(client: httpx.Client) -> None:
    answers: list[str] = []

    def ask(seed: int) -> None:
        answers.append(text(client, MODEL, temperature=1.0, seed=seed))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) > 4


# ---- Parts ----


async def test_closing_the_answer_stops_the_model() -> None:
    engine = Engine(slots=1, threads=1)
    loaded = await engine.load(Weights(TINY / "pocket.gguf", (), 1024))
    request = {"prompt": "Once", "n_predict": 900, "ignore_eos": True}
    pieces = engine.generate(loaded, request)
    await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    # With one slot, the next request only runs when the first has stopped.
    more = [piece async for piece in engine.generate(loaded, {"prompt": "Once", "n_predict": 2})]
    assert more[-1].done_reason == "length"
    metrics: Any = loaded.server.handle_metrics()
    produced = next(
        float(line.split()[1])
        for line in str(metrics).splitlines()
        if line.startswith("llamacpp:tokens_predicted_total")
    )
    assert produced < 900


def test_a_store_survives_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path, Shipped(TINY))
    store.put(Manifest("mine:latest", "", parameters={"temperature": 0.1}))
    again = Store(tmp_path, Shipped(TINY))
    assert again.get("mine").parameters == {"temperature": 0.1}
    assert [path.name for path in (tmp_path / "manifests").iterdir()] == ["mine%3Alatest.json"]
    assert json.loads((tmp_path / "manifests" / "mine%3Alatest.json").read_text())["name"]


async def test_a_client_that_leaves_ends_the_work() -> None:
    ended = asyncio.Event()

    async def endless() -> Response:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return Response()

    async def receive() -> dict[str, str]:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    answer = await _unless_left(request, endless())
    assert answer.status_code == CLIENT_CLOSED_REQUEST
    assert ended.is_set()


def test_a_loaded_model_is_told_by_each_of_its_names(client: httpx.Client) -> None:
    assert text(client, MODEL)
    told = {model["name"] for model in client.get("/api/ps").json()["models"]}
    assert {"pocket:latest", "pocket-tiny:latest"} <= told
