"""OpenAI's API as the engines speak it: what each of them lacks, and what is done about it."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

import modelserver
from modelserver import Chunk, Server
from modelserver.asking import GO_ON
from tests.modelserver.conftest import serving
from tests.support.openai_server import CONTEXT, KINDS, MODEL, PIECES, Engine, rendered, tokens_of

STORY = "Anna lifted the lantern.\n\n"
ASK = [{"role": "user", "content": "Write."}]
CHAT = [*ASK, {"role": "assistant", "content": STORY}]
OPTIONS = {"num_predict": 50, "seed": 3, "num_ctx": 4096, "stop": ["a", "b", "c", "d", "e"]}


async def answer(
    engine: Engine, chat: list[dict[str, str]], options: dict[str, Any] = OPTIONS
) -> list[Chunk]:
    """Return the pieces of an answer, asked as the app asks."""
    async with serving(engine.answer) as url:
        server = Server.at(url)
        able = await modelserver.abilities(server, MODEL)
        return [chunk async for chunk in modelserver.chat(server, MODEL, chat, options, able)]


def text_of(chunks: list[Chunk]) -> str:
    """Return the whole text."""
    return "".join(chunk.text for chunk in chunks)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_story_is_written_by_every_engine(kind: str) -> None:
    engine = Engine(kind)
    chunks = await answer(engine, ASK)
    assert text_of(chunks) == "".join(PIECES)
    last = chunks[-1]
    assert last.done
    assert (last.done_reason, last.prompt_tokens, last.completion_tokens) == ("stop", 77, 5)
    (body,) = engine.bodies("/v1/chat/completions")
    assert body["messages"] == ASK
    assert (body["model"], body["max_tokens"], body["seed"]) == (MODEL, 50, 3)
    assert body["stop"] == ["a", "b", "c", "d"]
    assert not {"num_ctx", "truncate", "temperature", "chat_template_kwargs"} & body.keys()


async def test_vllm_goes_on_after_the_very_words() -> None:
    engine = Engine("vllm")
    assert text_of(await answer(engine, CHAT)) == "".join(PIECES)
    (body,) = engine.bodies("/v1/completions")
    assert body["prompt"] == tokens_of(rendered(ASK) + STORY)


@pytest.mark.parametrize("kind", ["sglang", "ray"])
async def test_an_engine_is_asked_to_go_on_with_the_last_message(kind: str) -> None:
    engine = Engine(kind)
    assert text_of(await answer(engine, CHAT)) == "".join(PIECES)
    (body,) = engine.bodies("/v1/chat/completions")
    assert body["messages"] == CHAT
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False


@pytest.mark.parametrize("kind", ["lmstudio", "plain"])
async def test_where_nothing_else_helps_the_model_is_asked_in_words(kind: str) -> None:
    engine = Engine(kind, pieces=("And", " went"))
    assert text_of(await answer(engine, [*ASK, {"role": "assistant", "content": "Anna"}])) == (
        " And went"
    )
    (body,) = engine.bodies("/v1/chat/completions")
    assert body["messages"][-1] == {"role": "user", "content": GO_ON}


@pytest.mark.parametrize("chat", [ASK, CHAT], ids=["written", "continued"])
async def test_the_answer_fits_beside_a_prompt_that_was_counted(chat: list[dict[str, str]]) -> None:
    engine = Engine("vllm")
    await answer(engine, chat, {"num_predict": CONTEXT})
    path = "/v1/completions" if chat is CHAT else "/v1/chat/completions"
    (body,) = engine.bodies(path)
    counted = len(tokens_of(rendered(ASK) + (STORY if chat is CHAT else "")))
    assert body["max_tokens"] == CONTEXT - counted


async def test_a_prompt_that_does_not_fit_is_never_cut() -> None:
    engine = Engine("vllm")
    with pytest.raises(modelserver.PromptTooLongError) as refused:
        await answer(engine, [{"role": "user", "content": "x" * CONTEXT}])
    assert refused.value.tokens == len(tokens_of(rendered(ASK))) - len("Write.") + CONTEXT
    assert engine.bodies("/v1/chat/completions") == []


async def test_a_model_that_thinks_is_told_not_to() -> None:
    engine = Engine("vllm", thinks=True)
    await answer(engine, ASK)
    (body,) = engine.bodies("/v1/chat/completions")
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


async def test_thoughts_are_no_text_and_are_told_off_next_time() -> None:
    engine = Engine("sglang", end="thinks")
    async with serving(engine.answer) as url:
        server = Server.at(url)
        first = [chunk async for chunk in modelserver.chat(server, MODEL, ASK, OPTIONS)]
        assert text_of(first) == "".join(PIECES)
        assert first[0].thinks
        assert [chunk async for chunk in modelserver.chat(server, MODEL, ASK, OPTIONS)]
    assert "chat_template_kwargs" in engine.bodies("/v1/chat/completions")[1]


async def test_an_answer_without_done_is_whole_if_it_says_why_it_ends() -> None:
    chunks = await answer(Engine("plain", end="no done"), ASK)
    assert chunks[-1].done_reason == "stop"
    assert chunks[-1].prompt_tokens is None


@pytest.mark.parametrize("end", ["no reason", "abort"])
async def test_an_answer_that_breaks_off_is_broken(end: str) -> None:
    with pytest.raises(modelserver.BrokenStreamError):
        await answer(Engine("plain", end=end), ASK)


async def test_an_error_in_mid_stream_is_told() -> None:
    with pytest.raises(modelserver.ServerFaultError) as failed:
        await answer(Engine("plain", end="error"), ASK)
    assert failed.value.hint == "CUDA out of memory"


REFUSALS = {
    401: ("Invalid API key", modelserver.CredentialsRefusedError),
    404: (f"The model `{MODEL}` does not exist.", modelserver.ModelMissingError),
    429: ("Too many requests", modelserver.ServerBusyError),
    503: ("No replica is free", modelserver.ServerBusyError),
    400: (
        "This model's maximum context length is 2048 tokens. However, you requested 4000 tokens.",
        modelserver.PromptTooLongError,
    ),
    500: ("Internal", modelserver.ServerFaultError),
}


@pytest.mark.parametrize("status", REFUSALS)
async def test_refusals_are_the_same_errors_as_ollamas(status: int) -> None:
    sentence, kind = REFUSALS[status]
    engine = Engine("plain", status=status, error=sentence, headers={"Retry-After": "7"})
    with pytest.raises(kind) as refused:
        await answer(engine, ASK)
    if kind is modelserver.ServerBusyError:
        assert refused.value.hint == f"{sentence} It asks to wait 7 seconds."


async def test_a_model_that_is_still_loaded_is_waited_for() -> None:
    engine = Engine("vllm", loading=1)
    assert text_of(await answer(engine, CHAT)) == "".join(PIECES)


async def test_a_model_that_is_not_served_is_told_with_those_that_are() -> None:
    async with serving(Engine("vllm").answer) as url:
        with pytest.raises(modelserver.ModelMissingError) as missing:
            await modelserver.abilities(Server.at(url), "llama3.2")
    assert "ollama pull" not in str(missing.value)
    assert MODEL in missing.value.hint


async def test_what_an_engine_can_not_do_is_said_plainly() -> None:
    async with serving(Engine("sglang").answer) as url:
        server = Server.at(url)
        with pytest.raises(modelserver.PullError, match="SGLang, which downloads no models"):
            [part async for part in modelserver.pull(server, "llama3.2")]
        with pytest.raises(modelserver.NotPossibleError, match="SGLang"):
            await modelserver.create(server, "tuned", {"from": MODEL})


async def test_lm_studio_tells_what_is_loaded_and_what_writes() -> None:
    async with serving(Engine("lmstudio").answer) as url:
        (found,) = await modelserver.installed(Server.at(url))
        assert (found.name, found.size, found.is_loaded) == (MODEL, 0, False)
        able = await modelserver.abilities(Server.at(url), MODEL)
    assert able.context_length == CONTEXT


async def test_the_same_model_has_the_same_digest_after_a_restart() -> None:
    engine = Engine("vllm")
    async with serving(engine.answer) as url:
        first = await modelserver.digest(Server.at(url), MODEL)
        assert first == await modelserver.digest(Server.at(url), MODEL) != ""
        assert await modelserver.digest(Server.at(url), "other") == ""


async def test_the_dialect_is_asked_for_once_and_the_set_one_not_at_all() -> None:
    engine = Engine("vllm")
    async with serving(engine.answer) as url:
        for _ in range(3):
            await modelserver.installed(Server.at(url))
        assert len(engine.bodies("/api/version")) == 1
        engine.asked.clear()
        await modelserver.installed(replace(Server.at(url), api="openai"))
        assert [path for path, _ in engine.asked] == ["/v1/models"]


async def test_ollama_is_asked_as_ollama_although_it_speaks_both() -> None:
    asked: list[str] = []

    async def both(request: web.Request) -> web.Response:
        asked.append(request.path)
        told = {"version": "0.34.0", "models": [], "data": [{"id": MODEL}]}
        return web.json_response(told)

    async with serving(both) as url:
        await modelserver.installed(Server.at(url))
    assert "/v1/models" not in asked


async def test_leaving_an_answer_stops_the_engine() -> None:
    stopped = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/models":
            return web.json_response({"data": [{"id": MODEL, "owned_by": "sglang"}]})
        if request.path != "/v1/chat/completions":
            return web.json_response({}, status=404)
        response = web.StreamResponse()
        await response.prepare(request)
        line = json.dumps({"choices": [{"delta": {"content": " on"}}]}).encode()
        try:
            while True:
                await response.write(b"data: " + line + b"\n\n")
                await asyncio.sleep(0.01)
        except (ConnectionError, asyncio.CancelledError):
            stopped.set()
            raise

    async with serving(endless) as url:
        pieces = modelserver.chat(Server.at(url), MODEL, ASK, OPTIONS)
        assert (await anext(pieces)).text == " on"
        await pieces.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(20):
            await stopped.wait()
