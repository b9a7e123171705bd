"""What an Ollama server answers; run against a real one with

OLLAMA_CONFORMANCE_URL=http://127.0.0.1:11434 make conformance
"""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

PROMPT = "You are a writer. Write a story of maximum 60 words about Anna and a lantern."
MESSAGES = [{"role": "user", "content": PROMPT}]
SHORT = {"num_predict": 12, "seed": 7, "temperature": 0.0}

Line = dict[str, Any]


def lines(client: httpx.Client, path: str, body: Line) -> list[Line]:
    """Return the NDJSON answer."""
    with client.stream("POST", path, json=body) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in response.iter_lines()]


def chat(client: httpx.Client, model: str, **changes: Any) -> Line:
    """Return a whole chat answer."""
    body = {"model": model, "messages": MESSAGES, "stream": False, "options": SHORT, **changes}
    response = client.post("/api/chat", json=body)
    assert response.status_code == 200, response.text
    answer: Line = response.json()
    return answer


def error(response: httpx.Response) -> str:
    """Return the error of a refusal, which has Ollama's shape."""
    assert response.status_code >= 400
    message = response.json()["error"]
    assert isinstance(message, str)
    assert message
    return message


# ---- What is there ----


def test_it_is_up(client: httpx.Client) -> None:
    assert client.get("/").text == "Ollama is running"
    assert client.get("/api/version").json()["version"]


def test_tags(client: httpx.Client, model: str) -> None:
    entry = next(m for m in client.get("/api/tags").json()["models"] if m["name"] == model)
    assert {"name", "model", "modified_at", "size", "digest", "details"} <= entry.keys()
    assert entry["size"] > 0
    assert entry["details"]["format"] == "gguf"


def test_show(client: httpx.Client, model: str) -> None:
    shown = client.post("/api/show", json={"model": model}).json()
    assert {"modelfile", "template", "details", "model_info", "capabilities"} <= shown.keys()
    architecture = shown["model_info"]["general.architecture"]
    assert shown["model_info"][f"{architecture}.context_length"] > 0
    assert "completion" in shown["capabilities"]


def test_ps_lists_what_is_loaded(client: httpx.Client, model: str) -> None:
    chat(client, model)
    loaded = {entry["name"]: entry for entry in client.get("/api/ps").json()["models"]}
    assert loaded[model]["size"] > 0
    assert loaded[model]["expires_at"]


# ---- Chat and generate ----


def test_chat_streams(client: httpx.Client, model: str) -> None:
    body = {"model": model, "messages": MESSAGES, "options": {**SHORT, "num_predict": 40}}
    *parts, last = lines(client, "/api/chat", body)
    assert len(parts) > 5
    assert all(part["done"] is False for part in parts)
    assert all(part["message"]["role"] == "assistant" for part in parts)
    assert last["done"] is True
    assert last["done_reason"] in {"stop", "length"}
    assert last["eval_count"] >= len(parts) - 1
    assert last["prompt_eval_count"] > 10
    for name in ("total_duration", "prompt_eval_duration", "eval_duration"):
        assert last[name] > 0
    assert last["created_at"].startswith("20")


def test_chat_without_streaming_is_the_same_text(client: httpx.Client, model: str) -> None:
    streamed = lines(client, "/api/chat", {"model": model, "messages": MESSAGES, "options": SHORT})
    whole = chat(client, model)
    assert whole["message"]["content"] == "".join(p["message"]["content"] for p in streamed)
    assert whole["done"] is True


def test_generate(client: httpx.Client, model: str) -> None:
    body = {"model": model, "prompt": PROMPT, "options": SHORT}
    *parts, last = lines(client, "/api/generate", body)
    whole = client.post("/api/generate", json={**body, "stream": False}).json()
    assert whole["response"] == "".join(part["response"] for part in parts)
    assert last["done"] is True
    assert whole["eval_count"] > 0


def test_raw_has_no_template(client: httpx.Client, model: str) -> None:
    body = {"model": model, "prompt": "Once upon", "stream": False, "options": SHORT}
    raw = client.post("/api/generate", json={**body, "raw": True}).json()
    templated = client.post("/api/generate", json=body).json()
    assert raw["prompt_eval_count"] < templated["prompt_eval_count"]


def test_no_prompt_loads_the_model(client: httpx.Client, model: str) -> None:
    for path in ("/api/chat", "/api/generate"):
        answer = client.post(path, json={"model": model, "stream": False}).json()
        assert answer["done"] is True
        assert answer["done_reason"] == "load"


# ---- Options ----


def test_num_predict_is_a_limit(client: httpx.Client, model: str) -> None:
    answer = chat(client, model, options={**SHORT, "num_predict": 3})
    assert answer["eval_count"] <= 3
    assert answer["done_reason"] == "length"


def test_the_seed_repeats(client: httpx.Client, model: str) -> None:
    warm = {"temperature": 1.0, "num_predict": 30, "seed": 11}
    first = chat(client, model, options=warm)["message"]["content"]
    assert chat(client, model, options=warm)["message"]["content"] == first
    others = {
        chat(client, model, options={**warm, "seed": seed})["message"]["content"]
        for seed in (12, 13, 14)
    }
    assert others != {first}


@pytest.mark.parametrize("option", [{"top_k": 1}, {"temperature": 0.0}])
def test_greedy_choices_do_not_depend_on_the_seed(
    client: httpx.Client, model: str, option: Line
) -> None:
    texts = {
        chat(client, model, options={"num_predict": 10, "seed": seed, **option})["message"][
            "content"
        ]
        for seed in (1, 2, 3)
    }
    assert len(texts) == 1


def test_stop_ends_before_the_text(client: httpx.Client, model: str) -> None:
    free = chat(client, model, options={**SHORT, "num_predict": 30})["message"]["content"]
    stop = free.split()[3]
    held = chat(client, model, options={**SHORT, "num_predict": 30, "stop": [stop]})
    assert stop not in held["message"]["content"]
    assert held["done_reason"] == "stop"


# ---- Refusals ----


@pytest.mark.parametrize(
    ("path", "key"), [("/api/chat", "model"), ("/api/generate", "model"), ("/api/show", "model")]
)
def test_an_unknown_model_is_404(client: httpx.Client, path: str, key: str) -> None:
    response = client.post(path, json={key: "nobody-has-this", "prompt": "x", "messages": MESSAGES})
    assert response.status_code == 404
    assert "nobody-has-this" in error(response)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"model": 3}'])
def test_what_is_no_request_is_400(client: httpx.Client, body: bytes) -> None:
    response = client.post("/api/chat", content=body)
    assert response.status_code == 400
    error(response)


def test_a_missing_model_name_is_400(client: httpx.Client) -> None:
    response = client.post("/api/generate", json={"model": "", "prompt": "x"})
    assert response.status_code in {400, 404}
    error(response)


def test_an_overflow_is_refused_when_nothing_may_be_cut(client: httpx.Client, model: str) -> None:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "a long word " * 4000}],
        "options": {"num_ctx": 512, "num_predict": 5},
        "truncate": False,
        "shift": False,
    }
    response = client.post("/api/chat", json=body)
    assert response.status_code == 400
    assert "context" in error(response)


def test_an_unknown_path_is_404(client: httpx.Client) -> None:
    assert client.post("/api/nothing").status_code == 404


# ---- Making models ----


@pytest.fixture
def copy(client: httpx.Client, model: str) -> Iterator[str]:
    """A second name of the model, for as long as the test."""
    name = "conformance-copy:latest"
    assert client.post("/api/copy", json={"source": model, "destination": name}).status_code == 200
    yield name
    client.request("DELETE", "/api/delete", json={"model": name})


def test_copy_and_delete(client: httpx.Client, copy: str) -> None:
    names = {entry["name"] for entry in client.get("/api/tags").json()["models"]}
    assert copy in names
    assert client.request("DELETE", "/api/delete", json={"model": copy}).status_code == 200
    response = client.request("DELETE", "/api/delete", json={"model": copy})
    assert response.status_code == 404
    error(response)


def test_copying_what_is_not_there_is_404(client: httpx.Client) -> None:
    response = client.post("/api/copy", json={"source": "nobody-has-this", "destination": "x"})
    assert response.status_code == 404
    error(response)


def test_create_from_a_model(client: httpx.Client, model: str) -> None:
    name = "conformance-made:latest"
    body = {
        "model": name,
        "from": model,
        "system": "You write briefly.",
        "parameters": {"temperature": 0.25, "stop": ["THE END"]},
    }
    progress = lines(client, "/api/create", body)
    try:
        assert progress[-1] == {"status": "success"}
        assert len(progress) > 1
        shown = client.post("/api/show", json={"model": name}).json()
        assert shown["system"] == "You write briefly."
        assert "0.25" in shown["parameters"]
        assert chat(client, name)["message"]["content"]
    finally:
        client.request("DELETE", "/api/delete", json={"model": name})


@pytest.mark.parametrize(
    "body",
    [
        {"model": "conformance-bad"},
        {"model": "conformance-bad", "files": {"a.gguf": "sha256:" + "0" * 64}},
        {"model": "conformance-bad", "files": {"a.gguf": "nonsense"}},
    ],
)
def test_creating_from_nothing_is_refused(client: httpx.Client, body: Line) -> None:
    assert error(client.post("/api/create", json={**body, "stream": False}))
    names = {entry["name"] for entry in client.get("/api/tags").json()["models"]}
    assert "conformance-bad:latest" not in names


def test_blobs(client: httpx.Client) -> None:
    data = b"a blob of the conformance test " + str(time.time_ns()).encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert client.head(f"/api/blobs/{digest}").status_code == 404
    assert client.post(f"/api/blobs/{digest}", content=data).status_code == 201
    assert client.head(f"/api/blobs/{digest}").status_code == 200
    assert client.post(f"/api/blobs/{digest}", content=data).status_code in {200, 201}


def test_a_blob_of_another_digest_is_refused(client: httpx.Client) -> None:
    digest = f"sha256:{'1' * 64}"
    response = client.post(f"/api/blobs/{digest}", content=b"something else")
    assert response.status_code == 400
    assert client.head(f"/api/blobs/{digest}").status_code == 404


# ---- Stopping ----


def test_a_closed_connection_frees_the_server(client: httpx.Client, model: str) -> None:
    body = {"model": model, "messages": MESSAGES, "options": {"num_predict": 4000}}
    with client.stream("POST", "/api/chat", json=body) as response:
        next(response.iter_lines())
    # Waits for its turn if the closed one still runs; the client's patience is the bound.
    assert chat(client, model, options={**SHORT, "num_predict": 2})["done"] is True
