"""What goes wrong with the model server is said in a sentence of its own, whoever asked."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

import modelserver
from modelserver import Server
from tests.modelserver.calls import CALLS
from tests.modelserver.conftest import Handler, blob, page, said, serving
from tests.support.processes import free_port

every_call = pytest.mark.parametrize("call", CALLS)


async def fault(call: str, handler: Handler, folder: Path) -> modelserver.ModelServerError:
    """Return what `call` says of a server that answers so."""
    async with serving(handler) as address:
        with pytest.raises(modelserver.ModelServerError) as caught:
            await CALLS[call](Server.at(address, load=1.0), blob(folder))
    return caught.value


@every_call
async def test_nothing_is_there(tmp_path: Path, call: str) -> None:
    server = Server.at(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(modelserver.UnreachableError, match="can't be reached") as caught:
        await CALLS[call](server, blob(tmp_path))
    assert caught.value.code == "unreachable"
    assert caught.value.hint == f"Is Ollama running at {server.url}?"


@every_call
async def test_a_name_that_is_nobodys(tmp_path: Path, call: str) -> None:
    with pytest.raises(modelserver.UnreachableError):
        await CALLS[call](Server.at("http://no.such.host.invalid:11434"), blob(tmp_path))


@every_call
@pytest.mark.parametrize("status", [401, 403])
async def test_other_credentials_are_wanted(tmp_path: Path, call: str, status: int) -> None:
    for handler in (said(status, "unauthorized"), page(status)):
        error = await fault(call, handler, tmp_path)
        assert error.code == "credentials_refused"
        assert "refuses the credentials" in str(error)
        assert f"answers {status}" in error.hint
        assert "OLLAMA_API_KEY" in error.hint


@every_call
async def test_a_web_page_is_not_ollama(tmp_path: Path, call: str) -> None:
    statuses = [404, 405] if call in {"delete", "upload"} else [200, 404, 405]
    for status in statuses:  # what these two are answered with 200 is not read
        error = await fault(call, page(status), tmp_path)
        assert error.code == "not_ollama", status
        assert "is not Ollama" in str(error)
        assert "OLLAMA_HOST" in error.hint
        assert "<" not in error.hint


async def test_another_server_with_an_api_is_not_ollama(tmp_path: Path) -> None:
    async def other(request: web.Request) -> web.Response:
        return web.json_response(["something", "else"])

    assert (await fault("version", other, tmp_path)).code == "not_ollama"
    assert (await fault("version", said(404, "no route"), tmp_path)).code == "not_ollama"


async def test_a_path_that_is_unknown_is_no_missing_model(tmp_path: Path) -> None:
    async def unknown(request: web.Request) -> web.Response:
        return web.Response(status=404, text="404 page not found")

    assert (await fault("abilities", unknown, tmp_path)).code == "not_ollama"
    error = await fault("abilities", said(404, "model 'steady' not found"), tmp_path)
    assert error.code == "model_missing"
    assert "ollama pull steady" in str(error)


async def test_what_does_not_speak_http_is_not_ollama() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await reader.read(10_000)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1") as listener:
        server = Server.at(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
        for call in ("version", "abilities", "chat"):
            with pytest.raises(modelserver.NotOllamaError):
                await CALLS[call](server, Path())


@every_call
async def test_a_redirection_is_said(tmp_path: Path, call: str) -> None:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect("https://elsewhere.example/")

    error = await fault(call, away, tmp_path)
    assert error.code == "server_fault" if call != "pull" else "pull_failed"
    if call != "pull":
        assert "answers 308, a redirection" in error.hint


@every_call
async def test_a_reset_is_a_broken_answer(tmp_path: Path, call: str) -> None:
    async def reset(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    error = await fault(call, reset, tmp_path)
    assert error.code == "broken_stream"
    assert "broke" in str(error)


@every_call
async def test_silence_is_said(tmp_path: Path, call: str) -> None:
    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    assert (await fault(call, hang, tmp_path)).code == "silent"


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        (503, "server busy, please try again", "server_busy"),
        (400, "the prompt is longer than the context length", "prompt_too_long"),
        (500, "llama runner process has terminated", "server_fault"),
    ],
)
@pytest.mark.parametrize("call", ["abilities", "chat"])
async def test_the_servers_own_words(
    tmp_path: Path, call: str, status: int, text: str, code: str
) -> None:
    error = await fault(call, said(status, text), tmp_path)
    assert (error.code, error.hint) == (code, text)


async def test_a_long_answer_makes_a_short_hint(tmp_path: Path) -> None:
    for call in ("abilities", "chat"):
        error = await fault(call, said(500, "x" * 1_000_000), tmp_path)
        assert len(error.hint) == 300


async def test_a_model_that_can_not_be_pulled_has_its_reason(tmp_path: Path) -> None:
    for status in (200, 500):
        error = await fault("pull", said(status, "pull model manifest: no file"), tmp_path)
        assert error.code == "pull_failed"
        assert "can't be installed: pull model manifest: no file" in str(error)


async def test_refused_adapters_are_told_from_other_refusals(tmp_path: Path) -> None:
    error = await fault("create", said(400, "LoRA adapters are no longer supported"), tmp_path)
    assert error.code == "adapters_refused"
    assert (await fault("create", said(400, "invalid file"), tmp_path)).code == "server_fault"


async def test_deleting_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    async with serving(said(404, "model 'steady' not found")) as address:
        await CALLS["delete"](Server.at(address), tmp_path)
