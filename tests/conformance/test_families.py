"""What differs from one Ollama to another, told apart, and that the client lets none of it show.

A server that is none of these families fails here, so that the client learns of it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import modelserver
from modelserver import Abilities, Prefill, PromptTooLongError, Server
from modelserver.asking import Request
from modelserver.ollama_api import prefill as dialect
from modelserver.ollama_api.prefill import BEGINNING
from tests.conformance.conftest import REAL

MESSAGES = [
    {"role": "user", "content": "Write a story of maximum 60 words about Anna and a lantern."},
    {"role": "assistant", "content": BEGINNING},
]
OPTIONS = {"num_predict": 16, "temperature": 0.0, "num_ctx": 1024}
WAYS = {
    "pocket": Prefill.CONTINUED,
    "ollama-0.24": Prefill.RAW,
    "ollama-0.33": Prefill.ECHOED,
}
LONG = [{"role": "user", "content": "a long word " * 4000}]


@pytest.fixture
async def server(base_url: str) -> AsyncIterator[Server]:
    """The server under test, as the application knows it."""
    yield Server.at(base_url)
    await modelserver.close()


@pytest.fixture
async def able(server: Server, model: str) -> Abilities:
    """What the model can do."""
    return await modelserver.abilities(server, model)


async def written(
    server: Server, model: str, able: Abilities, messages: list[dict[str, str]]
) -> str:
    """Return the whole answer as the application gets it."""
    answer = modelserver.chat(server, model, messages, OPTIONS, able)
    return "".join([chunk.text async for chunk in answer])


def plain(client: httpx.Client, model: str, **more: Any) -> Any:
    """Return the answer to the chat as the server gives it."""
    body = {"model": model, "messages": MESSAGES, "options": OPTIONS, "stream": False, **more}
    response = client.post("/api/chat", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def completed(client: httpx.Client, model: str, prompt: str) -> Any:
    """Return what follows `prompt`, which no template is around."""
    body = {"model": model, "prompt": prompt, "raw": True, "options": OPTIONS, "stream": False}
    return client.post("/api/generate", json=body).json()["response"]


def loaded(client: httpx.Client) -> dict[str, Any]:
    """Return the models in the server's memory, by name."""
    return {entry["name"]: entry for entry in client.get("/api/ps").json()["models"]}


async def test_how_a_beginning_is_continued_is_found_out(
    server: Server, model: str, able: Abilities, family: str
) -> None:
    way = await dialect.prefill_of(Request(server, model, MESSAGES, OPTIONS, able))
    assert way == WAYS.get(family, way)
    assert way is not Prefill.OPEN, "words this short are asked about"


async def test_only_what_is_new_comes(
    server: Server, model: str, able: Abilities, client: httpx.Client, family: str
) -> None:
    text = await written(server, model, able, MESSAGES)
    assert text.strip()
    assert BEGINNING not in text
    assert text[0] in " ,.;:!?\n", "no word is glued to the one before"
    if family != REAL:
        # A model of its own is greedy in the same way whatever is around it.
        chat = plain(client, model)["message"]["content"]
        alike = {
            "pocket": chat == text,
            "ollama-0.24": chat != text,  # it answered the beginning
            "ollama-0.33": chat == BEGINNING + text,
        }
        assert alike[family], chat


async def test_a_continuation_is_of_the_prompt_that_the_server_would_make(
    server: Server, model: str, able: Abilities, client: httpx.Client
) -> None:
    """The model sees the same tokens, whichever way they went."""
    rendered = plain(client, model, _debug_render_only=True)["_debug_info"]["rendered_template"]
    upto = rendered[: rendered.rindex(BEGINNING) + len(BEGINNING)]
    assert completed(client, model, upto) == await written(server, model, able, MESSAGES)


async def test_what_opens_a_role_is_taken_out_of_a_text(
    server: Server, model: str, able: Abilities
) -> None:
    assert able.tokens.tokens, "the template has no tokens, or could not be read"
    for token in able.tokens.tokens:
        assert token not in able.tokens.strip(f"before {token} after {token}{token}")


async def test_an_overflow_is_told_with_what_the_server_knows(
    server: Server, model: str, able: Abilities, family: str
) -> None:
    options = {**OPTIONS, "num_ctx": 512}
    with pytest.raises(PromptTooLongError) as caught:
        async for _ in modelserver.chat(server, model, LONG, options, able):
            pass
    if family != REAL:
        assert caught.value.tokens
        assert "reads 512" in str(caught.value)


async def test_a_model_that_can_not_be_made_is_told_in_a_sentence(server: Server) -> None:
    request = {"files": {"a.gguf": f"sha256:{'0' * 64}"}}
    with pytest.raises(modelserver.ModelServerError, match=r"^[A-Z].*\.$"):
        await modelserver.create(server, "conformance-bad", request)


async def test_a_model_that_can_not_be_pulled_is_told_in_a_sentence(server: Server) -> None:
    with pytest.raises(modelserver.PullError, match="can't be installed"):
        async for _ in modelserver.pull(server, "nobody-has-this/at-all"):
            pass


async def test_the_model_stays_in_memory(
    server: Server, model: str, able: Abilities, client: httpx.Client
) -> None:
    await written(server, model, able, MESSAGES[:1])
    before = loaded(client)
    assert before[model]["context_length"] >= OPTIONS["num_ctx"]
    await written(server, model, able, MESSAGES)
    after = loaded(client)
    assert after.keys() == before.keys(), "asking loads no other"
    left = datetime.fromisoformat(after[model]["expires_at"]) - datetime.now(UTC)
    assert left > timedelta(minutes=20), "it is asked to stay"
