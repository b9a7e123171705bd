"""Tuned models beside their base: an adapter under a name of its own, without another base.

vLLM loads one by `/v1/load_lora_adapter` where it was started with `--enable-lora` and
VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, SGLang by `/load_lora_adapter` with `--enable-lora`: both from
a folder of safetensors that they can read under the same path. llama.cpp's server has those that
it was started with, GGUF files named after the model.
"""

from pathlib import Path

from modelserver import names, sayings
from modelserver.connection import posted, raise_for_status
from modelserver.errors import ModelServerError, NotPossibleError, translated
from modelserver.openai_api import engine as engines
from modelserver.openai_api.engine import Engine, Kind
from modelserver.server import Server

_LOAD = {Kind.VLLM: "v1/load_lora_adapter", Kind.SGLANG: "load_lora_adapter"}
_UNLOAD = {Kind.VLLM: "v1/unload_lora_adapter", Kind.SGLANG: "unload_lora_adapter"}
_HOW = {
    Kind.VLLM: "Start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1; it has to "
    "read {folder} under the same path.",
    Kind.SGLANG: "Start it with --enable-lora; it has to read {folder} under the same path.",
    Kind.LLAMA_CPP: "Start it with --lora {file} --lora-init-without-apply, and register again.",
}


async def attach(server: Server, model: str, folder: Path, gguf: Path) -> None:
    """Serve the adapter as `model`, in place of one of that name.

    `folder` holds it as safetensors, `gguf` is named by `names.adapter_file_name`. Raises
    `NotPossibleError`, with what to do, where the server doesn't take it, and `ModelServerError`.
    """
    engine = await engines.ask(server)
    if (path := _LOAD.get(engine.kind)) is not None:
        await detach(server, model)
        try:
            await _post(server, path, {"lora_name": model, "lora_path": str(folder)})
        except ModelServerError as error:
            raise _refused(engine, folder, gguf, f"{error} {error.hint}") from error
        engine = await engines.ask(server)
    if engine.find(model) is None:
        raise _refused(engine, folder, gguf, "")
    engines.forget(server)


async def detach(server: Server, model: str) -> None:
    """Take an adapter off the server; one that is not there is no error.

    What the server was started with stays. Raises `ModelServerError`.
    """
    engine = await engines.ask(server)
    served = next((each for each in engine.models if names.same(each.id, model)), None)
    path = _UNLOAD.get(engine.kind)
    if served is not None and served.parent and path:
        await _post(server, path, {"lora_name": served.id})
        engines.forget(server)


async def _post(server: Server, path: str, body: dict[str, str]) -> None:
    with translated(server, body["lora_name"]):
        async with posted(server, path, json=body) as response:
            await raise_for_status(response)
            await response.read()


def _refused(engine: Engine, folder: Path, gguf: Path, said: str) -> NotPossibleError:
    how = _HOW.get(engine.kind, "Serve it there by hand, under that name.")
    return NotPossibleError(
        sayings.said(
            "The model server, %(engine)s, does not serve the adapter.", engine=engine.kind.value
        ),
        hint=f"{said} {how.format(folder=folder, file=gguf)}".strip(),
    )
