"""The tuned model on the model server: as an adapter on its base or, where refused, merged.

Leaves `register/Modelfile` and `register/calls.json`, with which a person can do the same by hand.
Saying "merge" asks the driver for the merged file; a second run then goes that way.
"""

import asyncio
import json
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


def register(run: RunFolder, recipe: Recipe, server: Server) -> None:
    """Run the stage. Raises `StageError`; says "merge" when the merged file has to be made first.

    The server's answer decides the way: an adapter that it refuses with 400 is merged.
    """
    if run.manifest("register") is not None:
        return
    run.need("convert")
    run.made("register")
    try:
        asyncio.run(_register(run, recipe, server))
    except modelserver.AdaptersRefusedError as error:
        log(f"The model server refuses adapters ({error.hint}): the merged model it is.")
        write_json(run.refused, {"answer": error.hint})
        say("merge")
    except modelserver.ModelServerError as error:
        raise StageError(f"{error} {error.hint}".strip()) from error


def is_refused(run: RunFolder) -> bool:
    """Tell whether the server has refused the adapter and the merged model is not on it yet."""
    return run.refused.exists() and run.manifest("register") is None


async def _register(run: RunFolder, recipe: Recipe, server: Server) -> None:
    name = run.read_names()["model"]
    try:
        about = await modelserver.about(server)
        if about.engine != "Ollama":
            await attach(run, recipe, server)
            return
        version, merged = about.version, run.refused.exists()
        file = run.merged_gguf if merged else run.adapter_gguf
        if not file.is_file():
            raise StageError(
                said("%(name)s is missing: run the stage convert again.", name=file.name)
            )
        facts = await modelserver.model_facts(server, recipe.base_model)
        base = await modelserver.digest(server, recipe.base_model)
        request = await _request(recipe, server, file, facts, merged)
        await modelserver.create(server, name, request)
    finally:
        await modelserver.close()
    write_text(run.modelfile, modelfile(recipe, file.name, request, merged))
    write_json(run.calls, _calls(name, request))
    log(f"Registered as {name} ({'merged' if merged else 'adapter'}, server {version}).")
    mode = "merged" if merged else "adapter"
    run.complete("register", {"model": name, "mode": mode, "server": version, "base": base})


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
