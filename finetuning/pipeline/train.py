"""A LoRA adapter from the exported stories, by TRL's `SFTTrainer`; loss on the stories alone.

Leaves the adapter (safetensors) and, while it runs, checkpoints that a rerun goes on from.
"""

import shutil
from typing import Any

from finetuning.pipeline import backends, base
from finetuning.pipeline.material import datastories
from finetuning.pipeline.run_folder import RunFolder, read_rows
from finetuning.pipeline.telling import CancelledError, StageError, disk_errors, log
from finetuning.recipes import Recipe
from prose import said

# Llama 3.2's template writes today's date into the prompt; training must not depend on the day.
_DATE = {"date_string": "26 Jul 2024"}


def train(run: RunFolder, recipe: Recipe) -> None:
    """Run the stage. Raises `StageError` and `CancelledError`."""
    if run.manifest("train") is not None:
        return
    run.need("export")
    run.check_cancelled()
    load = backends.choose(recipe)
    weights = base.checkpoint(run, recipe)
    rows, held_out = read_rows(run.train), read_rows(run.held_out)
    max_length = longest(weights, rows + held_out)
    model, tokenizer = load(recipe, weights, max_length)
    check_context(model, max_length)
    if recipe.start_from == "service" and (adapter := run.service_adapter):
        log("Starting from the model in service.")
        backends.take_over(model, adapter, weights)
    examples = [[token_ids(tokenizer, row) for row in part] for part in (rows, held_out)]
    run.made("train")
    with disk_errors():
        facts = _fit(run, recipe, (load, model, tokenizer), (*examples, max_length))
        model.save_pretrained(run.trained)
    backends.check_adapter(run.trained)
    run.complete("train", {**facts, "base": base.identity(weights), "weights": weights})
    shutil.rmtree(run.checkpoints("train"), ignore_errors=True)


def longest(weights: str, rows: list[Any]) -> int:
    """Return the tokens of the longest example: nothing is cut, least of all an ending."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights)
    return max(len(token_ids(tokenizer, row)[0]) for row in rows)


def token_ids(tokenizer: Any, row: Any) -> tuple[list[int], int]:
    """Return a row's chat as ids, and how many of them are the prompt, and what is given.

    They are made apart, as a server does. The end of turn is always learned, unless the row
    `is_open`: a template that leaves the last answer open, to be continued, would teach the model
    never to stop.
    """
    chat = datastories.chat(row["prompt"], row["text"])
    prompt = tokenizer.apply_chat_template(
        chat["prompt"], add_generation_prompt=True, tokenize=False, **_DATE
    )
    given = row.get("given", 0)
    answer = row["text"][given:] + ("" if row.get("is_open") else tokenizer.eos_token)
    before, after = (
        tokenizer(text, add_special_tokens=False)["input_ids"]
        for text in (prompt + row["text"][:given], answer)
    )
    return before + after, len(before)


def check_context(model: Any, longest: int) -> None:
    """Raise `StageError` unless the model reads as many tokens as the longest example has."""
    context = model.config.max_position_embeddings
    if longest > context:
        raise StageError(
            said(
                "The longest story takes %(longest)s tokens with its prompt and the base reads "
                "%(context)s. Set “Longest story” lower, so that it is left out.",
                longest=f"{longest:,}",
                context=f"{context:,}",
            )
        )


def _fit(run: RunFolder, recipe: Recipe, loaded: Any, data: Any) -> dict[str, Any]:
    from finetuning.pipeline.trainers import sft

    reporter = sft.Reporter(run)
    trainer = sft.trainer(run, recipe, loaded, data, [reporter])
    trainer.train(resume_from_checkpoint=sft.last_checkpoint(run.checkpoints("train")))
    if run.is_cancelled:
        raise CancelledError
    return {"max_length": data[2], **sft.facts(trainer, reporter)}
