"""One client for all that is asked: the same headers, the same trust, and nothing left open."""

import asyncio
import gc
import json
import logging
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

import modelserver
from modelserver import Server
from tests.modelserver.calls import CALLS
from tests.modelserver.conftest import Identity, blob, serving

DONE = {"message": {"content": "Once."}, "done": True}


class Recorder:
    """Answers every call well, and keeps who asked how."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.bodies: dict[str, bytes] = {}
        self.sockets: set[object] = set()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.sockets.add(request.transport)
        if request.method == "HEAD":  # before a blob is sent
            return web.Response(status=404)
        self.seen.append((request.path, request.headers.get("Authorization", "")))
        self.bodies[request.path] = await request.read()
        name = request.path.removeprefix("/ollama").split("/")[2]
        if name == "chat":
            return web.Response(text=json.dumps(DONE) + "\n")
        told = {"status": "success", "version": "0.34.0", "model_info": {}, "models": []}
        return web.json_response(told)


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_shows_the_same_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "another-key")  # which the library would send
    recorder = Recorder()
    async with serving(recorder) as address:
        with_key = Server.at(f"{address}/ollama", api_key="key-canary")
        with_name = Server.at(address.replace("://", "://anna:pa%20ss@"))
        for server in (with_key, with_name, Server.at(address)):
            await CALLS[call](server, blob(tmp_path))
    paths, shown = zip(*recorder.seen, strict=True)
    each = len(shown) // 3  # a call may be more than one request
    assert (
        shown == ("Bearer key-canary",) * each + ("Basic YW5uYTpwYSBzcw==",) * each + ("",) * each
    )
    assert paths[0] == f"/ollama{paths[each]}"


async def test_a_file_arrives_whole(tmp_path: Path) -> None:
    recorder = Recorder()
    file = blob(tmp_path, 3_000_000)
    async with serving(recorder) as address:
        digest = await modelserver.upload(Server.at(address, api="ollama"), file)
    assert recorder.bodies == {f"/api/blobs/{digest}": file.read_bytes()}


async def test_all_calls_share_a_connection(tmp_path: Path) -> None:
    recorder = Recorder()
    async with serving(recorder) as address:
        for call in CALLS.values():
            await call(Server.at(address), blob(tmp_path))
    assert len(recorder.seen) >= len(CALLS)
    # aiohttp closes a connection after a HEAD, with which an upload begins.
    assert len(recorder.sockets) == 2


@pytest.mark.parametrize("call", CALLS)
async def test_a_certificate_of_ones_own_is_trusted_once_it_is_named(
    tmp_path: Path, identity: Identity, call: str
) -> None:
    recorder = Recorder()
    async with serving(recorder, identity.tls) as address:
        await CALLS[call](Server.at(address, ca_file=identity.ca_file), blob(tmp_path))
        with pytest.raises(modelserver.UntrustedCertificateError) as refused:
            await CALLS[call](Server.at(address), blob(tmp_path))
    assert recorder.seen, "by the one that trusts it"
    assert address in refused.value.hint
    assert "SSL_CERT_FILE" in refused.value.hint


async def test_a_certificate_for_another_name_is_not_trusted(identity: Identity) -> None:
    async with serving(Recorder(), identity.tls) as address:
        server = Server.at(address.replace("127.0.0.1", "localhost"), ca_file=identity.ca_file)
        with pytest.raises(modelserver.UntrustedCertificateError):
            await modelserver.version(server)


async def test_https_where_none_is_spoken() -> None:
    async with serving(Recorder()) as address:
        server = Server.at(address.replace("http:", "https:"))
        with pytest.raises(modelserver.UnreachableError) as refused:
            await modelserver.abilities(server, "steady")
    assert "https" in refused.value.hint


@pytest.mark.parametrize("call", ["chat", "pull"])
async def test_leaving_an_answer_ends_it_on_the_server(call: str) -> None:
    left = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b'{"status": "pulling", "message": {"content": "x"}}\n')
                await asyncio.sleep(0.01)
        finally:
            left.set()

    async with serving(endless) as address:
        server = Server.at(address)
        parts = (
            modelserver.chat(server, "steady", [], {})
            if call == "chat"
            else modelserver.pull(server, "steady")
        )
        async with aclosing(parts):  # type: ignore[type-var]
            async for _ in parts:
                break
        await asyncio.wait_for(left.wait(), 30)


def test_a_loop_that_closes_leaves_nothing(tmp_path: Path, identity: Identity) -> None:
    """What is forgotten warns when it is collected, and a warning is an error here."""

    async def ask() -> None:
        async with serving(Recorder(), identity.tls) as address:
            for call in CALLS.values():
                await call(Server.at(address, ca_file=identity.ca_file), blob(tmp_path))
            await modelserver.close()

    for _ in range(3):
        asyncio.run(ask())
        gc.collect()


async def test_no_secret_is_in_the_logs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"error": "unauthorized"}, status=401)

    caplog.set_level(logging.DEBUG)
    errors = []
    async with serving(refuse) as address:
        server = Server.at(address.replace("://", "://anna:pa%2Fcanary@"), api_key="key-canary")
        for call in CALLS.values():
            with pytest.raises(modelserver.ModelServerError) as refused:
                await call(server, blob(tmp_path))
            errors += [str(refused.value), refused.value.hint]
    assert len(caplog.records) > 0
    assert address in "".join(errors)
    assert "canary" not in caplog.text + "".join(errors)
