"""The tuned model on the model server: as an adapter on its base or, where refused, merged.

Leaves `register/Modelfile` and `register/calls.json`, with which a person can do the same by hand.
Exit by `NeedsMergeError` asks the driver for the merged file; a second run then goes that way.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import modelserver
from finetuning.pipeline import run_folder
from finetuning.pipeline.convert import ADAPTER_FILE, MERGED_FILE
from finetuning.pipeline.run_folder import StageError
from finetuning.recipes import Recipe

# Names the model to make: {"model": name}.
NAME = "name.json"
REFUSED = "refused.json"


def register(run_dir: Path, recipe: Recipe) -> None:
    """Run the stage. Raises `StageError`; says "merge" when the merged file has to be made first.

    The server's answer decides the way: an adapter that it refuses with 400 is merged.
    """
    if run_folder.manifest(run_dir, "register") is not None:
        return
    run_folder.need(run_dir, "convert")
    name = json.loads((run_dir / NAME).read_text())["model"]
    folder = run_folder.folder(run_dir, "register")
    try:
        asyncio.run(_register(run_dir, recipe, name, folder))
    except modelserver.AdaptersRefusedError as error:
        run_folder.log(f"The model server refuses adapters ({error.hint}): the merged model it is.")
        run_folder.write_json(folder / REFUSED, {"answer": error.hint})
        run_folder.say("merge")
    except modelserver.ModelServerError as error:
        raise StageError(f"{error} {error.hint}".strip()) from error


def is_refused(run_dir: Path) -> bool:
    """Tell whether the server has refused the adapter and the merged model is not on it yet."""
    return (run_dir / "register" / REFUSED).exists() and run_folder.manifest(
        run_dir, "register"
    ) is None


async def _register(run_dir: Path, recipe: Recipe, name: str, folder: Path) -> None:
    try:
        version = await modelserver.version()
        merged = (folder / REFUSED).exists()
        file = run_dir / "convert" / (MERGED_FILE if merged else ADAPTER_FILE)
        if not file.is_file():
            raise StageError(f"{file.name} is missing: run the stage convert again.")
        facts = await modelserver.model_facts(recipe.base_model)
        request = await _request(recipe, file, facts, merged)
        await modelserver.create(name, request)
    finally:
        await modelserver.close()
    run_folder.write_text(folder / "Modelfile", modelfile(recipe, file.name, request, merged))
    run_folder.write_json(folder / "calls.json", _calls(name, request))
    run_folder.log(f"Registered as {name} ({'merged' if merged else 'adapter'}, server {version}).")
    facts_kept = {"model": name, "mode": "merged" if merged else "adapter", "server": version}
    run_folder.complete(run_dir, "register", facts_kept)


async def _request(
    recipe: Recipe, file: Path, facts: modelserver.ModelFacts, merged: bool
) -> dict[str, Any]:
    """Return the fields of `/api/create`; a merged model takes over what its base is asked with."""
    own = {"temperature": recipe.temperature, "num_ctx": recipe.num_ctx}
    digest = await modelserver.upload(file)
    if merged:
        return {
            "files": {file.name: digest},
            "template": facts.template,
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
