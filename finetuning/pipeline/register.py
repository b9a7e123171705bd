"""The tuned model on the model server: as an adapter on its base or, where refused, merged.

Leaves `register/Modelfile` and `register/calls.json`, with which a person can do the same by hand.
Exit by `NeedsMergeError` asks the driver for the merged file; a second run then goes that way.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from finetuning.pipeline import runs
from finetuning.pipeline.convert import ADAPTER_FILE, MERGED_FILE
from finetuning.pipeline.runs import StageError
from finetuning.recipes import Recipe
from stories import ollama

# Names the model to make: {"model": name}.
NAME = "name.json"
REFUSED = "refused.json"


def register(run_dir: Path, recipe: Recipe) -> None:
    """Run the stage. Raises `StageError`; says "merge" when the merged file has to be made first.

    The server's answer decides the way: an adapter that it refuses with 400 is merged.
    """
    if runs.manifest(run_dir, "register") is not None:
        return
    runs.need(run_dir, "convert")
    name = json.loads((run_dir / NAME).read_text())["model"]
    folder = runs.folder(run_dir, "register")
    try:
        asyncio.run(_register(run_dir, recipe, name, folder))
    except ollama.AdaptersRefusedError as error:
        runs.log(f"The model server refuses adapters ({error.hint}): the merged model it is.")
        runs.write_json(folder / REFUSED, {"answer": error.hint})
        runs.say("merge")
    except ollama.ModelServerError as error:
        raise StageError(f"{error} {error.hint}".strip()) from error


def is_refused(run_dir: Path) -> bool:
    """Tell whether the server has refused the adapter and the merged model is not on it yet."""
    return (run_dir / "register" / REFUSED).exists() and runs.manifest(run_dir, "register") is None


async def _register(run_dir: Path, recipe: Recipe, name: str, folder: Path) -> None:
    try:
        version = await ollama.version()
        merged = (folder / REFUSED).exists()
        file = run_dir / "convert" / (MERGED_FILE if merged else ADAPTER_FILE)
        if not file.is_file():
            raise StageError(f"{file.name} is missing: run the stage convert again.")
        facts = await ollama.model_facts(recipe.base_model)
        request = await _request(recipe, file, facts, merged)
        await ollama.create(name, request)
    finally:
        await ollama.close()
    runs.write_text(folder / "Modelfile", modelfile(recipe, file.name, request, merged))
    runs.write_json(folder / "calls.json", _calls(name, request))
    runs.log(f"Registered as {name} ({'merged' if merged else 'adapter'}, server {version}).")
    facts_kept = {"model": name, "mode": "merged" if merged else "adapter", "server": version}
    runs.complete(run_dir, "register", facts_kept)


async def _request(
    recipe: Recipe, file: Path, facts: ollama.ModelFacts, merged: bool
) -> dict[str, Any]:
    """Return the fields of `/api/create`; a merged model takes over what its base is asked with."""
    own = {"temperature": recipe.temperature, "num_ctx": recipe.num_ctx}
    digest = await ollama.upload(file)
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
