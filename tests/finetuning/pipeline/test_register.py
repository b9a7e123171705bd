"""What a merged model is registered with, by a server that tells of one template or the other."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import modelserver
from finetuning.pipeline import register
from finetuning.pipeline.run_folder import Names, RunFolder, write_json
from modelserver import Server
from tests.finetuning.conftest import TINY
from tests.modelserver.conftest import serving
from tests.support.openai_server import MODEL, Engine
from tests.support.processes import free_port

GO = "{{ if .System }}{{ .System }}{{ end }}{{ .Prompt }}"
JINJA = "{{- bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}"


class Ollama:
    """A server that has the base, with `template`, and keeps what it is asked to make."""

    def __init__(self, template: str, base: str = "pocket", *, refuses: bool = False) -> None:
        self.template, self.base, self.refuses = template, base, refuses
        self.created: dict[str, Any] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/version":
            return web.json_response({"version": "0.34.1"})
        if request.path == "/api/tags":
            name = f"{self.base}:latest"
            entry = {"name": name, "model": name, "digest": "d" * 64}
            return web.json_response({"models": [entry]})
        if request.path == "/api/show":
            told = {"template": self.template, "parameters": 'stop "<|end|>"', "model_info": {}}
            return web.json_response(told)
        if request.path == "/api/create":
            if self.refuses and "adapters" in await request.json():
                return web.json_response({"error": "adapters are not supported"}, status=400)
            self.created = await request.json()
            return web.Response(body=json.dumps({"status": "success"}).encode())
        return web.Response(status=201 if request.method == "POST" else 404)


@pytest.mark.parametrize(("template", "sent"), [(GO, GO), (JINJA, None), ("", None)])
async def test_only_a_go_template_is_sent_back(
    tmp_path: Path, template: str, sent: str | None
) -> None:
    run = RunFolder(tmp_path)
    for stage in ("convert", "register"):
        run.made(stage)
    run.merged_gguf.write_bytes(b"GGUF")
    write_json(run.refused, {"answer": "no"})
    write_json(run.names, Names(model="tuned", service="pocket"))
    ollama = Ollama(template)
    async with serving(ollama.answer) as url:
        await register._register_on_all(run, TINY, Server.at(url), [])
    await modelserver.close()
    assert ollama.created.get("template") == sent
    assert ollama.created["parameters"]["stop"] == ["<|end|>"]
    assert ("TEMPLATE" in run.modelfile.read_text()) == (sent is not None)
    assert run.need("register")["base"] == "d" * 64


async def test_an_engine_that_makes_no_models_serves_the_adapter(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for stage in ("convert", "register"):
        run.made(stage)
    run.adapter_gguf.write_bytes(b"GGUF")
    write_json(run.names, Names(model="tuned", service=MODEL))
    engine = Engine("vllm")
    async with serving(engine.answer) as url:
        await register._register_on_all(run, replace(TINY, base_model=MODEL), Server.at(url), [])
    await modelserver.close()
    assert engine.adapters == {"tuned": str(run.adapter.resolve())}
    assert run.need("register")["mode"] == "attached"
    assert run.need("register")["base"]
    assert run.adapter_gguf.with_name("tuned.gguf").is_file(), "as llama.cpp's server wants it"


@pytest.mark.parametrize("merged", [False, True])
async def test_every_server_that_has_the_base_gets_the_model(tmp_path: Path, merged: bool) -> None:
    run = RunFolder(tmp_path)
    for stage in ("convert", "register"):
        run.made(stage)
    run.adapter_gguf.write_bytes(b"GGUF")
    run.merged_gguf.write_bytes(b"GGUF")
    write_json(run.names, Names(model="tuned", service="pocket"))
    first, second, other = Ollama(GO), Ollama(GO, refuses=True), Ollama(GO, "llama3.2")
    async with (
        serving(first.answer) as url,
        serving(second.answer) as next_one,
        serving(other.answer) as without,
    ):
        dead = Server.at(f"http://127.0.0.1:{free_port()}")
        others = [Server.at(without), dead, Server.at(next_one)]
        if merged:
            write_json(run.refused, {"answer": "no"})
            await register._register_on_all(run, TINY, Server.at(url), others)
        else:
            with pytest.raises(modelserver.AdaptersRefusedError):
                await register._register_on_all(run, TINY, Server.at(url), others)
    made = [each.created.get("model") for each in (first, second, other)]
    assert made == (["tuned", "tuned", None] if merged else [None, None, None])
    assert (run.manifest("register") is not None) == merged
