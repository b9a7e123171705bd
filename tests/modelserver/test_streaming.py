"""How an answer ends, and what is an end."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

import modelserver
from modelserver import (
    BrokenStreamError,
    Chunk,
    Prefill,
    PromptTooLongError,
    Server,
    ServerFaultError,
    wire,
)
from modelserver.asking import Request
from modelserver.openai_api.reading import Reader as OpenAiReader
from tests.modelserver.conftest import serving

MESSAGES = [{"role": "user", "content": "Write."}]


def piece(text: str) -> dict[str, Any]:
    """Return one piece as a line."""
    return {"message": {"role": "assistant", "content": text}, "done": False}


async def answered(*lines: dict[str, Any], server: dict[str, Any] | None = None) -> list[Chunk]:
    """Return what is made of an answer of these lines."""
    asked: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(json.loads(await request.read()))
        return web.Response(text="".join(f"{json.dumps(line)}\n" for line in lines))

    async with serving(answer) as address:
        at = Server.at(address, **(server or {}))
        chunks = [chunk async for chunk in modelserver.chat(at, "m", MESSAGES, {})]
    keep_alive = (server or {}).get("keep_alive", "30m")
    assert asked[0].get("keep_alive", "") == keep_alive
    return chunks


async def test_an_answer_that_only_repeats_itself_has_an_end() -> None:
    """Ollama ends it without a word: more than thirty pieces in a row read the same."""
    *parts, last = await answered(piece("Ha"), *[piece(" ha")] * 31)
    assert "".join(part.text for part in parts) == "Ha" + " ha" * 31
    assert last == Chunk("", done=True, done_reason="repeat")


async def test_one_that_breaks_off_has_none() -> None:
    with pytest.raises(BrokenStreamError, match="in the middle"):
        await answered(piece("Ha"), *[piece(" ha")] * 29)
    with pytest.raises(BrokenStreamError, match="in the middle"):
        await answered(*[piece(" ha")] * 40, piece(" ho"))


async def test_an_error_inside_of_an_answer_is_told() -> None:
    with pytest.raises(ServerFaultError, match="while it was writing") as caught:
        await answered(piece("One"), {"error": "the runner has stopped"})
    assert caught.value.hint == "the runner has stopped"
    overflow = {
        "error": {"message": "request (900 tokens) exceeds the available context size (512"}
    }
    with pytest.raises(PromptTooLongError, match="388 too many"):
        await answered({"error": json.dumps(overflow)})


@pytest.mark.parametrize("keep_alive", ["30m", "", "-1m"])
async def test_the_model_is_kept_as_long_as_the_operator_says(keep_alive: str) -> None:
    done = {**piece("x"), "done": True}
    assert await answered(done, server={"keep_alive": keep_alive})


async def on_a_beat(
    monkeypatch: pytest.MonkeyPatch,
    lines: list[bytes],
    messages: list[dict[str, str]] = MESSAGES,
    reader: wire.Reader | None = None,
) -> list[Chunk]:
    """Return what is made of an answer whose first line comes alone, and the others at once.

    What a `reader` makes of it, or what Ollama's does.
    """
    begun, gone = asyncio.Event(), asyncio.Event()

    async def next_beat(pace: float) -> None:
        begun.set()
        await gone.wait()
        await asyncio.sleep(0.1)  # until it has come here, in this very loop

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(lines[0])
        await begun.wait()
        await response.write(b"".join(lines[1:]))
        await response.write_eof()
        gone.set()
        return response

    monkeypatch.setattr(wire, "_next_beat", next_beat)
    got: list[Chunk] = []
    async with serving(answer) as address:
        server = Server.at(address, api="ollama")
        if reader is not None:
            chunks = wire.chunks(server, "m", "", {}, reader, pace=0.5)
        else:
            chunks = modelserver.chat(server, "m", messages, {}, pace=0.5)
        with suppress(BrokenStreamError, ServerFaultError):
            async for chunk in chunks:
                got.append(chunk)  # noqa: PERF401 - what comes before an error counts
    return got


def ndjson(*parts: dict[str, Any]) -> list[bytes]:
    """Return lines as Ollama sends them."""
    return [f"{json.dumps(part)}\n".encode() for part in parts]


def events(*parts: dict[str, Any] | str) -> list[bytes]:
    """Return events as the other engines send them."""
    texts = (part if isinstance(part, str) else json.dumps(part) for part in parts)
    return [f"data: {text}\n\n".encode() for text in texts]


def delta(text: str, **more: Any) -> dict[str, Any]:
    """Return one piece as an event."""
    return {"choices": [{"delta": {"content": text}, **more}]}


THOUGHT = {"message": {"content": "", "thinking": "Hm."}, "done": False}
TOGETHER = Chunk(" upon a", parts=(" upon", "", " a"))


async def test_of_what_comes_at_once_only_the_text_is_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thoughts, the end, and what came before an error keep their places; each piece counts."""
    pieces = [piece(text) for text in ("Once", " upon", "", " a")]
    end = {"done": True, "done_reason": "stop", "eval_count": 6}
    once, *rest = await on_a_beat(
        monkeypatch, ndjson(*pieces, THOUGHT, piece(" time"), {**piece("."), **end})
    )
    last = Chunk(".", done=True, done_reason="stop", completion_tokens=6)
    assert once == Chunk("Once")
    assert rest == [TOGETHER, Chunk("", thinks=True), Chunk(" time"), last]
    broken = await on_a_beat(monkeypatch, ndjson(*pieces, {"error": "stopped"}))
    assert broken == [once, TOGETHER]
    repeated = await on_a_beat(monkeypatch, ndjson(*[piece(" ha")] * 32))
    assert repeated == [
        Chunk(" ha"),
        Chunk(" ha" * 31, parts=(" ha",) * 31),
        Chunk("", done=True, done_reason="repeat"),
    ]


async def test_of_another_engine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = events(
        *(delta(text) for text in ("Once", " upon", "", " a")),
        {"choices": [{"delta": {"reasoning_content": "Hm."}}]},
        delta(" time", finish_reason="stop"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 6}},
        "[DONE]",
    )
    thought, end = Chunk("", thinks=True), Chunk("", True, "stop", 3, 6)
    reader = OpenAiReader(Server.at("http://127.0.0.1:9"), "m")
    got = await on_a_beat(monkeypatch, lines, reader=reader)
    assert got == [Chunk("Once"), TOGETHER, thought, Chunk(" time"), end]


async def test_an_echo_ends_at_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """What of it is new does not depend on what came at once."""

    async def echoed(asked: Request) -> Prefill:
        return Prefill.ECHOED

    monkeypatch.setattr("modelserver.ollama_api.prefill.prefill_of", echoed)
    messages = [*MESSAGES, {"role": "assistant", "content": "Anna slept.\n\n"}]
    texts = ("Anna", " slept.", "\n", "Ben", " woke")
    lines = ndjson(*map(piece, texts), {"done": True, "done_reason": "stop"})
    *pieces, _ = await on_a_beat(monkeypatch, lines, messages)
    assert pieces == [Chunk("Ben"), Chunk(" woke")]


async def test_what_comes_between_two_beats_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the first text at once; nothing of it is lost with the connection, seen or not."""
    told: asyncio.Queue[str | None] = asyncio.Queue()
    gone, beat, beats = asyncio.Event(), asyncio.Event(), list[float]()

    async def next_beat(pace: float) -> None:
        beats.append(pace)
        await beat.wait()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while text := await told.get():
            await response.write(f"{json.dumps(piece(text))}\n".encode())
        assert request.transport is not None
        request.transport.abort()
        gone.set()
        return response

    monkeypatch.setattr(wire, "_next_beat", next_beat)
    async with serving(answer) as address:
        server = Server.at(address, api="ollama")
        chunks = modelserver.chat(server, "m", MESSAGES, {}, pace=0.5)
        try:
            told.put_nowait("Once")
            assert (await anext(chunks)).text == "Once"
            next_one = asyncio.ensure_future(anext(chunks))
            for text in (" upon", " a", " time", None):
                told.put_nowait(text)
            await gone.wait()
            await asyncio.sleep(0.2)  # until it has come here, in this very loop
            assert beats == [0.5]
            assert not next_one.done()
            beat.set()
            assert await next_one == Chunk(" upon a time", parts=(" upon", " a", " time"))
            assert beats == [0.5]
            with pytest.raises(BrokenStreamError):
                await anext(chunks)
        finally:
            told.put_nowait(None)  # lets the server go, whatever failed
