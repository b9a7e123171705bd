"""Files and models brought to a server: what is there is not sent, and a refusal is heard."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import modelserver
from modelserver import AdaptersRefusedError, Server, ServerFaultError, SilentError
from modelserver import models as listing
from tests.modelserver.conftest import serving


class Blobs:
    """A server's blobs: HEAD tells which are there, POST takes one."""

    def __init__(self, *present: str) -> None:
        self.present = set(present)
        self.asked: list[str] = []
        self.sent = b""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        digest = request.path.rpartition("/")[2]
        self.asked.append(request.method)
        if request.method == "HEAD":
            return web.Response(status=200 if digest in self.present else 404)
        self.sent = await request.read()
        self.present.add(digest)
        return web.Response(status=201)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "adapter.gguf"
    path.write_bytes(b"GGUF" * 100_000)
    return path


def digest_of(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


async def test_a_file_is_sent_whole(file: Path) -> None:
    content = b"GGUF" * 100_000
    blobs = Blobs()
    async with serving(blobs.answer) as url:
        assert await modelserver.upload(Server.at(url, api="ollama"), file) == digest_of(file)
    assert blobs.asked == ["HEAD", "POST"]
    assert blobs.sent == content


async def test_a_file_that_the_server_has_is_not_sent(file: Path) -> None:
    blobs = Blobs(digest_of(file))
    async with serving(blobs.answer) as url:
        assert await modelserver.upload(Server.at(url, api="ollama"), file) == digest_of(file)
    assert blobs.asked == ["HEAD"]


async def test_a_file_that_comes_from_somebody_else_meanwhile_is_no_error(tmp_path: Path) -> None:
    """As Ollama does: 200 with the file unread, and the connection closed."""
    file = tmp_path / "merged.gguf"
    file.write_bytes(bytes(32_000_000))
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.partition(b" ")[0])
        first = len(asked) == 1
        status = b"404 Not Found" if first else b"200 OK"
        if asked[-1] == b"POST":
            writer.transport.abort()
        else:
            writer.write(
                b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            await writer.drain()
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        assert await modelserver.upload(Server.at(url, api="ollama"), file) == digest_of(file)
    assert asked == [b"HEAD", b"POST", b"HEAD"]


def lines(*parts: dict[str, str]) -> web.Response:
    return web.Response(body="".join(json.dumps(part) + "\n" for part in parts).encode())


@pytest.mark.parametrize("status", [200, 400])
async def test_adapters_refused_with_a_status_or_in_a_line(status: int) -> None:
    refusal = {"error": "LoRA adapters are no longer supported"}

    async def answer(_: web.Request) -> web.StreamResponse:
        if status != 200:
            return web.json_response(refusal, status=status)
        return lines({"status": "using existing layer"}, refusal)

    async with serving(answer) as url:
        with pytest.raises(AdaptersRefusedError):
            await modelserver.create(Server.at(url), "tuned", {"from": "base"})


async def test_an_error_in_a_line_says_what_the_server_said() -> None:
    said = 'template error: function "bos_token" not defined'

    async def answer(_: web.Request) -> web.StreamResponse:
        return lines({"status": "parsing GGUF"}, {"error": said})

    async with serving(answer) as url:
        with pytest.raises(ServerFaultError) as refused:
            await modelserver.create(Server.at(url), "tuned", {"files": {}})
    assert refused.value.hint == said


async def test_the_digest_of_a_model_by_any_of_its_names() -> None:
    models = [
        {"name": "llama3.2:1b", "model": "llama3.2:1b", "digest": "b" * 64},
        {"name": "llama3.2:latest", "model": "llama3.2:latest", "digest": "a" * 64},
    ]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"models": models})

    async with serving(answer) as url:
        server = Server.at(url)
        assert await modelserver.digest(server, "Llama3.2") == "a" * 64
        assert await modelserver.digest(server, "library/llama3.2:1B") == "b" * 64
        assert await modelserver.digest(server, "mistral") == ""


def listed(name: str, size: int, count: str, *families: str) -> dict[str, Any]:
    """Return a model as a server lists it."""
    details = {"parameter_size": count, "family": families[0], "families": list(families)}
    return {"name": name, "model": name, "size": size, "details": details}


async def test_the_list_has_what_can_write_here() -> None:
    models = [
        listed("mistral:7b", 4_100_000_000, "7.2B", "llama"),
        listed("llama3.2:latest", 2_019_393_189, "3.2B", "llama"),
        listed("pocket", 270_000_000, "134.5M", "llama"),
        listed("odd", 5, "many", "llama"),
        # What measures texts, and what is written elsewhere.
        listed("nomic-embed-text:latest", 274_000_000, "137M", "nomic-bert"),
        listed("all-minilm:latest", 45_000_000, "23M", "bert"),
        listed("gpt-oss:120b-cloud", 384, "116.8B", "gptoss"),
        listed("x" * 300, 5, "1B", "llama"),
        {"name": "bare:latest", "model": "bare:latest", "size": 5},
        {},
    ]

    async def answer(request: web.Request) -> web.StreamResponse:
        loaded = [{"name": "Mistral:7b", "model": "Mistral:7b"}]
        return web.json_response({"models": loaded if request.path == "/api/ps" else models})

    async with serving(answer) as url:
        found = await modelserver.installed(Server.at(url))
    assert [(model.name, model.billions, model.is_loaded) for model in found] == [
        ("bare", None, False),
        ("llama3.2", 3.2, False),
        ("mistral:7b", 7.2, True),
        ("odd", None, False),
        ("pocket", 0.1345, False),
    ]
    assert found[1].size == 2_019_393_189


async def test_a_list_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_LIST_PATIENCE", 0.2)

    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    async with serving(answer) as url:
        with pytest.raises(SilentError):
            await modelserver.installed(Server.at(url))


@pytest.mark.parametrize("name", ["pocket", None])
async def test_a_server_tells_whether_it_is_pocket(name: str | None) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"version": "0.34.0", **({"server": name} if name else {})})

    async with serving(answer) as url:
        about = await modelserver.about(Server.at(url))
    assert about == modelserver.About("0.34.0", is_pocket=name == "pocket")
