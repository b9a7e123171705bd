"""The tuned model on the model servers: as an adapter on its base or, where refused, merged.

Leaves `register/Modelfile` and `register/calls.json`, with which a person can do the same by hand.
Saying "merge" asks the driver for the merged file; a second run then goes that way.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import modelserver
from finetuning.pipeline.attach import attach
from finetuning.pipeline.run_folder import RunFolder, write_json, write_text
from finetuning.pipeline.telling import StageError, log, say
from finetuning.recipes import Recipe
from modelserver import Server
from modelserver.ollama_api import templates
from prose import said

_PATIENCE = 10.0  # seconds that another server has to say whether it has the base


def register(run: RunFolder, recipe: Recipe, server: Server, *others: Server) -> None:
    """Run the stage. Raises `StageError`; says "merge" when the merged file has to be made first.

    The servers' answers decide the way: an adapter that one refuses with 400 is merged. `others`
    get the model where they have its base; what keeps one from it is logged.
    """
    if run.manifest("register") is not None:
        return
    run.need("convert")
    run.made("register")
    try:
        asyncio.run(_register_on_all(run, recipe, server, others))
    except modelserver.AdaptersRefusedError as error:
        log(f"The model server refuses adapters ({error.hint}): the merged model it is.")
        write_json(run.refused, {"answer": error.hint})
        say("merge")
    except modelserver.ModelServerError as error:
        raise StageError(f"{error} {error.hint}".strip()) from error


def is_refused(run: RunFolder) -> bool:
    """Tell whether the server has refused the adapter and the merged model is not on it yet."""
    return run.refused.exists() and run.manifest("register") is None


async def _register_on_all(
    run: RunFolder, recipe: Recipe, server: Server, others: Sequence[Server]
) -> None:
    try:
        for each in others:
            await _register_elsewhere(run, recipe, each)
        made = await _register(run, recipe, server)
    finally:
        await modelserver.close()
    run.complete("register", made)


async def _register_elsewhere(run: RunFolder, recipe: Recipe, server: Server) -> None:
    """Register on a server that need not have the model: stories go to those that do."""
    try:
        async with asyncio.timeout(_PATIENCE):
            has_base = bool(await modelserver.digest(server, recipe.base_model))
        if has_base:
            await _register(run, recipe, server)
        else:
            log(f"{server.url} has no {recipe.base_model}: it gets no model tuned from it.")
    except modelserver.AdaptersRefusedError:
        raise
    except (modelserver.ModelServerError, TimeoutError) as error:
        hint = getattr(error, "hint", "")
        log(f"{server.url} doesn't get the model. {error} {hint}".strip())


async def _register(run: RunFolder, recipe: Recipe, server: Server) -> dict[str, Any]:
    """Register on one server; returns what the stage's manifest says of it."""
    name = run.read_names()["model"]
    about = await modelserver.about(server)
    if about.engine != "Ollama":
        return await attach(run, recipe, server)
    version, merged = about.version, run.refused.exists()
    file = run.merged_gguf if merged else run.adapter_gguf
    if not file.is_file():
        raise StageError(said("%(name)s is missing: run the stage convert again.", name=file.name))
    facts = await modelserver.model_facts(server, recipe.base_model)
    base = await modelserver.digest(server, recipe.base_model)
    request = await _request(recipe, server, file, facts, merged)
    await modelserver.create(server, name, request)
    write_text(run.modelfile, modelfile(recipe, file.name, request, merged))
    write_json(run.calls, _calls(name, request))
    mode = "merged" if merged else "adapter"
    log(f"Registered as {name} on {server.url} ({mode}, server {version}).")
    return {"model": name, "mode": mode, "server": version, "base": base}


async def _request(
    recipe: Recipe, server: Server, file: Path, facts: modelserver.ModelFacts, merged: bool
) -> dict[str, Any]:
    """Return the fields of `/api/create`; a merged model takes over what its base is asked with."""
    own = {"temperature": recipe.temperature, "num_ctx": recipe.num_ctx}
    digest = await modelserver.upload(server, file)
    if merged:
        # Without one, the server takes the file's own, which is the base's too.
        template = {"template": facts.template} if templates.is_go(facts.template) else {}
        return {
            "files": {file.name: digest},
            **template,
            "parameters": {**facts.parameters, **own},
        }
    return {"from": recipe.base_model, "adapters": {file.name: digest}, "parameters": own}


def modelfile(recipe: Recipe, file: str, request: dict[str, Any], merged: bool) -> str:
    """Return the Modelfile that `ollama create` makes the same model from.

    It lies beside the converted files' folder, which it names.
    """
    path = f"../convert/{file}"
    lines = [f"FROM {path}"] if merged else [f"FROM {recipe.base_model}", f"ADAPTER {path}"]
    if template := request.get("template"):
        lines.append(f'TEMPLATE """{template}"""')
    lines += [
        f"PARAMETER {name} {json.dumps(one, ensure_ascii=False)}"
        for name, value in request["parameters"].items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return "\n".join(lines) + "\n"


def _calls(name: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    uploads = {**request.get("files", {}), **request.get("adapters", {})}
    return [
        *(
            {"method": "POST", "path": f"/api/blobs/{digest}", "file": f"../convert/{file}"}
            for file, digest in uploads.items()
        ),
        {"method": "POST", "path": "/api/create", "json": {"model": name, **request}},
    ]
