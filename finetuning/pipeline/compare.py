"""Stories by the candidate and by the model in service, for the same settings and seeds.

They are asked through the model server, as the app asks. Leaves `evaluate/candidate.jsonl` and
`evaluate/service.jsonl`, in the same order.
"""

import asyncio
from contextlib import aclosing
from typing import Any

import modelserver
from finetuning.pipeline import telling
from finetuning.pipeline.run_folder import SIDES, RunFolder, read_rows, write_rows
from finetuning.pipeline.telling import StageError
from finetuning.recipes import Recipe
from modelserver import Server
from prose import prompts
from prose.answers.cleaner import AnswerCleaner
from prose.answers.task import Task

_AT_ONCE = 2


def compare(run: RunFolder, recipe: Recipe, server: Server, *_: Server) -> None:
    """Write `recipe.pairs` pairs of stories, on the first server.

    Raises `StageError` and `CancelledError`.
    """
    registered = run.need("register")
    models = {"candidate": registered["model"], "service": run.read_names()["service"]}
    run.made("evaluate")
    held_out = read_rows(run.held_out)
    done = 0
    for side in SIDES:
        path = run.written(side)
        if not path.exists():
            try:
                stories = _write(run, recipe, server, models[side], held_out, done)
                written = asyncio.run(stories)
            except modelserver.ModelServerError as error:
                raise StageError(f"{error} {error.hint}".strip()) from error
            write_rows(path, written)
        done += recipe.pairs


async def _write(
    run: RunFolder, recipe: Recipe, server: Server, model: str, held_out: list[Any], done: int
) -> list[dict[str, Any]]:
    turns = asyncio.Semaphore(_AT_ONCE)
    told = done
    able = await modelserver.abilities(server, model)

    async def one(index: int) -> dict[str, Any]:
        nonlocal told
        row, seed = held_out[index % len(held_out)], recipe.seed + index
        async with turns:
            run.check_cancelled()
            text, reason = await story(recipe, (server, model, able), row, seed)
        told += 1
        telling.say("progress", step=told, steps=2 * recipe.pairs)
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
    except* (modelserver.ModelServerError, telling.CancelledError) as errors:
        raise errors.exceptions[0] from None
    finally:
        await modelserver.close()
    return [task.result() for task in tasks]


async def story(
    recipe: Recipe, asked: tuple[Server, str, modelserver.Abilities], row: Any, seed: int
) -> tuple[str, str]:
    """Return the story to the row's prompt, asked for as the app does, and why it ended.

    Raises `modelserver.ModelServerError`.
    """
    able = asked[2]
    options = {
        "seed": seed,
        "temperature": recipe.temperature,
        "num_ctx": recipe.num_ctx,
        "num_predict": prompts.token_limit(
            row["settings"]["max_words"], language=row["settings"].get("language", "")
        )
        + modelserver.THOUGHTS * able.thinks,
    }
    messages = [{"role": "user", "content": row["prompt"]}]
    # What isn't the story is taken out, as the app does.
    cleaner, text, reason = AnswerCleaner(Task()), "", ""
    answer = modelserver.chat(asked[0], asked[1], messages, options, able)
    async with aclosing(answer) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            text += cleaner.feed(chunk.text)
            reason = chunk.done_reason or reason
    return cleaner.final(text + cleaner.rest()).strip(), reason
