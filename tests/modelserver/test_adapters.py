"""Adapters of tuned models on engines that serve them beside their base."""

from pathlib import Path

import pytest

import modelserver
from modelserver import NotPossibleError, Server
from tests.modelserver.conftest import serving
from tests.pocket.test_server import adapter
from tests.support.llama_server import NAME as LLAMA_MODEL
from tests.support.llama_server import llama_server
from tests.support.openai_server import CONTEXT, MODEL, Engine

NAME = "storaiteller-tale-1-0711-ab"
ASK = [{"role": "user", "content": "Write."}]
FOLDER, GGUF = Path("/runs/1/train/adapter"), Path(f"/runs/1/convert/{NAME}.gguf")


async def write(server: Server, model: str) -> None:
    """Let `model` write a story."""
    able = await modelserver.abilities(server, model)
    assert able.context_length == CONTEXT
    assert [chunk async for chunk in modelserver.chat(server, model, ASK, {}, able)]


@pytest.mark.parametrize(
    ("kind", "named"),
    [("vllm", {"model": NAME}), ("sglang", {"model": MODEL, "lora_path": NAME})],
)
async def test_an_adapter_is_loaded_asked_and_taken_off(kind: str, named: dict[str, str]) -> None:
    engine = Engine(kind)
    async with serving(engine.answer) as url:
        server = Server.at(url)
        await modelserver.attach(server, NAME, FOLDER, GGUF)
        assert engine.adapters == {NAME: str(FOLDER)}
        await modelserver.attach(server, NAME, FOLDER, GGUF)  # again is no error
        assert await modelserver.model_facts(server, NAME)
        await write(server, NAME)
        await write(server, MODEL)
        tuned, base = engine.bodies("/v1/chat/completions")
        assert named.items() <= tuned.items()
        assert (base["model"], base.get("lora_path")) == (MODEL, None)
        await modelserver.delete(server, NAME)
        await modelserver.delete(server, NAME)
        await modelserver.delete(server, MODEL)  # the operator's: it stays
        assert engine.adapters == {}
        with pytest.raises(modelserver.ModelMissingError):
            await modelserver.model_facts(server, NAME)


async def test_llama_cpp_has_the_adapters_that_it_was_started_with() -> None:
    engine = Engine("llamacpp", adapters={"other": "/a/other.gguf", NAME: str(GGUF)})
    async with serving(engine.answer) as url:
        server = Server.at(url)
        await modelserver.attach(server, NAME, FOLDER, GGUF)
        await write(server, NAME)
        await write(server, MODEL)
    tuned, base = engine.bodies("/v1/chat/completions")
    assert tuned["lora"] == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}]
    assert base["lora"] == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]
    assert tuned["model"] == base["model"] == MODEL


@pytest.mark.parametrize(
    ("kind", "what_to_do"),
    [
        ("vllm", f"VLLM_ALLOW_RUNTIME_LORA_UPDATING=1; it has to read {FOLDER}"),
        ("llamacpp", f"Start it with --lora {GGUF} --lora-init-without-apply"),
        ("lmstudio", "Serve it there by hand"),
    ],
)
async def test_who_takes_none_is_told_of_with_what_to_do(kind: str, what_to_do: str) -> None:
    async with serving(Engine(kind, takes_adapters=False).answer) as url:
        with pytest.raises(NotPossibleError) as refused:
            await modelserver.attach(Server.at(url), NAME, FOLDER, GGUF)
    assert what_to_do in refused.value.hint


async def test_llama_cpps_own_server_writes_otherwise_with_an_adapter(tmp_path: Path) -> None:
    file = adapter(tmp_path / f"{NAME}.gguf")
    greedy = {"temperature": 0.0, "num_predict": 20}

    async def written(server: Server, model: str) -> str:
        answer = modelserver.chat(server, model, ASK, greedy)
        return "".join([chunk.text async for chunk in answer])

    with llama_server("--adapter", str(file)) as url:
        server = Server.at(url)
        await modelserver.attach(server, NAME, FOLDER, file)
        base = await written(server, LLAMA_MODEL)
        assert await written(server, NAME) != base
        assert await written(server, LLAMA_MODEL) == base
