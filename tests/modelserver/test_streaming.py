"""How an answer ends, and what is an end."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

import modelserver
from modelserver import (
    BrokenStreamError,
    Chunk,
    PromptTooLongError,
    Server,
    ServerFaultError,
    wire,
)
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
            rest = [await next_one, await anext(chunks), await anext(chunks)]
            assert [chunk.text for chunk in rest] == [" upon", " a", " time"]
            assert beats == [0.5]
            with pytest.raises(BrokenStreamError):
                await anext(chunks)
        finally:
            told.put_nowait(None)  # lets the server go, whatever failed
