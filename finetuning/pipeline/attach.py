"""The tuned model on a server that makes no models: its adapter, served beside the base."""

import shutil
from typing import Any

import modelserver
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import log
from finetuning.recipes import Recipe
from modelserver import Server, names


async def attach(run: RunFolder, recipe: Recipe, server: Server) -> dict[str, Any]:
    """Serve the run's adapter under its name; returns what the stage's manifest says of it.

    Raises `ModelServerError`.

    The GGUF file is put where its name is the model's, as llama.cpp's server wants it.
    """
    name = run.read_names()["model"]
    base = await modelserver.digest(server, recipe.base_model)
    about = await modelserver.about(server)
    gguf = run.adapter_gguf.with_name(names.adapter_file_name(name))
    if run.adapter_gguf.is_file() and not gguf.exists():
        shutil.copyfile(run.adapter_gguf, gguf)
    await modelserver.attach(server, name, run.adapter.resolve(), gguf.resolve())
    log(f"Served as {name} on {server.url} (adapter, {about.engine} {about.version}).")
    return {"model": name, "mode": "attached", "server": about.version, "base": base}
