"""Stories by the candidate and by the model in service, for the same settings and seeds.

They are asked through the model server, as the app asks. Leaves `evaluate/candidate.jsonl` and
`evaluate/service.jsonl`, in the same order.
"""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import modelserver
from finetuning.pipeline import run_folder
from finetuning.pipeline.register import NAME
from finetuning.pipeline.run_folder import StageError
from finetuning.recipes import Recipe
from prose import prompts

SIDES = ("candidate", "service")
_AT_ONCE = 2


def compare(run_dir: Path, recipe: Recipe) -> None:
    """Write `recipe.pairs` pairs of stories. Raises `StageError` and `CancelledError`."""
    registered = run_folder.need(run_dir, "register")
    named = json.loads((run_dir / NAME).read_text())
    models = {"candidate": registered["model"], "service": named["service"]}
    folder = run_folder.folder(run_dir, "evaluate")
    held_out = run_folder.read_rows(run_dir / "export" / "held-out.jsonl")
    done = 0
    for side in SIDES:
        path = folder / f"{side}.jsonl"
        if not path.exists():
            try:
                written = asyncio.run(_write(run_dir, recipe, models[side], held_out, done))
            except modelserver.ModelServerError as error:
                raise StageError(f"{error} {error.hint}".strip()) from error
            run_folder.write_rows(path, written)
        done += recipe.pairs


async def _write(
    run_dir: Path, recipe: Recipe, model: str, held_out: list[Any], done: int
) -> list[dict[str, Any]]:
    turns = asyncio.Semaphore(_AT_ONCE)
    told = done

    async def one(index: int) -> dict[str, Any]:
        nonlocal told
        row, seed = held_out[index % len(held_out)], recipe.seed + index
        async with turns:
            run_folder.check_cancelled(run_dir)
            text, reason = await _story(recipe, model, row, seed)
        told += 1
        run_folder.say("progress", step=told, steps=2 * recipe.pairs)
        return {
            "model": model,
            "prompt": row["prompt"],
            "settings": row["settings"],
            "seed": seed,
            "text": text,
            "done_reason": reason,
        }

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(index)) for index in range(recipe.pairs)]
    except* (modelserver.ModelServerError, run_folder.CancelledError) as errors:
        raise errors.exceptions[0] from None
    finally:
        await modelserver.close()
    return [task.result() for task in tasks]


async def _story(recipe: Recipe, model: str, row: Any, seed: int) -> tuple[str, str]:
    options = {
        "seed": seed,
        "temperature": recipe.temperature,
        "num_ctx": recipe.num_ctx,
        "num_predict": prompts.token_limit(row["settings"]["max_words"]),
    }
    messages = [{"role": "user", "content": row["prompt"]}]
    text, reason = "", ""
    async with aclosing(modelserver.chat(model, messages, options)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            text += chunk.text
            reason = chunk.done_reason or reason
    return text.strip(), reason
