"""What people preferred, learned after the stories: DPO on pairs of texts, or KTO on marks.

The adapter that the stage train made is trained on, and a frozen copy of it is the reference: the
base stands in memory once. Reads `choices.jsonl` or `marks.jsonl`; leaves `preferences/adapter`.
With too few that say something the stage says so and is skipped. Sources: Rafailov et al., Direct
Preference Optimization (2023); Ethayarajh et al., KTO (2024).
"""

import shutil
from pathlib import Path
from typing import Any

from finetuning.pipeline import backends, base, train
from finetuning.pipeline.export import ENOUGH
from finetuning.pipeline.material import choices
from finetuning.pipeline.run_folder import RunFolder, read_json, read_rows, write_json, write_rows
from finetuning.pipeline.telling import CancelledError, disk_errors, log
from finetuning.recipes import Recipe

# Sentences for people, with named parameters.
OFF = "The recipe learns no preferences."
TOO_FEW = "Preferences are not learned: {usable} of {found} say something, and {least} are needed."
TOO_ALIKE = (
    "Preferences are not learned: they answer too few different prompts, of which {held_out} can "
    "be held out, and {least} are needed to tell whether they were learned."
)
LEFT = "{train} preferences to learn from, {held_out} held out."
LEFT_OUT = "{count} left out: {reasons}."
ONE_SIDED = (
    "Preferences are not learned: there have to be stories that were approved and stories that "
    "were rejected."
)


def choose(run: RunFolder, recipe: Recipe) -> None:
    """Choose what is learned, and hold some out; too few are no error: the stage is skipped."""
    if run.manifest("preferences") is not None:
        return
    run.need("train")
    run.made("preferences")
    if recipe.preferences == "off":
        _skip(run, OFF, {})
        return
    found, kept, dropped = _found(run, recipe)
    learned, held_out = choices.split(kept, recipe.held_out, read_rows(run.held_out))
    facts = {
        "method": recipe.preferences,
        "found": found,
        "train": len(learned),
        "held_out": len(held_out),
        "dropped": dropped,
    }
    if reason := _lacking(recipe, facts, learned, held_out):
        _skip(run, reason, facts)
        return
    write_rows(run.choices_train, learned)
    write_rows(run.choices_held_out, held_out)
    log(LEFT.format(**facts))
    if dropped:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
        log(LEFT_OUT.format(count=sum(dropped.values()), reasons=reasons))
    write_json(run.chosen, facts)


def _found(run: RunFolder, recipe: Recipe) -> tuple[int, list[Any], dict[str, int]]:
    """Return how many there are, those that say something, and why the others are left out."""
    pairs = recipe.preferences == "dpo"
    path = run.choices if pairs else run.marks
    found = read_rows(path) if path.exists() else []
    chosen = choices.telling if pairs else choices.usable
    kept, dropped = chosen(found, recipe.max_words)
    return len(found), kept, dropped


def _lacking(recipe: Recipe, facts: dict[str, Any], learned: list[Any], held_out: list[Any]) -> str:
    """Return the sentence that says why nothing is learned, or nothing."""
    usable = facts["train"] + facts["held_out"]
    if usable < recipe.least_choices:
        return TOO_FEW.format(usable=usable, found=facts["found"], least=recipe.least_choices)
    prompts = len({item["prompt"] for item in held_out})
    if prompts < ENOUGH or len(learned) < len(held_out):
        return TOO_ALIKE.format(held_out=prompts, least=ENOUGH)
    if recipe.preferences == "kto" and len({item["good"] for item in learned}) == 1:
        return ONE_SIDED
    return ""


def _skip(run: RunFolder, reason: str, facts: dict[str, Any]) -> None:
    log(reason)
    run.complete("preferences", {**facts, "skipped": reason})


def prefer(run: RunFolder, recipe: Recipe) -> None:
    """Train on what was chosen, if anything was. Raises `StageError` and `CancelledError`."""
    if run.manifest("preferences") is not None:
        return
    run.check_cancelled()
    load = backends.choose(recipe)
    weights = base.checkpoint(run, recipe)
    sides = [read_rows(path) for path in (run.choices_train, run.choices_held_out)]
    length = train.longest(
        weights, [row for side in sides for one in side for row in choices.rows(one)]
    )
    model, tokenizer = load(recipe, weights, length)
    train.check_context(model, length)
    backends.take_over(model, run.trained, weights)
    examples = [[example(tokenizer, one) for one in side] for side in sides]
    with disk_errors():
        facts = _fit(run, recipe, (load, model, tokenizer), (*examples, length))
        _save(model, run.preferred)
    backends.check_adapter(run.preferred)
    run.complete("preferences", {**read_json(run.chosen), **facts, "skipped": ""})
    shutil.rmtree(run.checkpoints("preferences"), ignore_errors=True)


def example(tokenizer: Any, one: Any) -> dict[str, Any]:
    """Return a choice or a mark as the ids that TRL's trainers take."""
    ids = [train.token_ids(tokenizer, row) for row in choices.rows(one)]
    prompt = ids[0][0][: ids[0][1]]
    answers = [found[start:] for found, start in ids]
    if "good" in one:
        return {"prompt_ids": prompt, "completion_ids": answers[0], "label": one["good"]}
    return {"prompt_ids": prompt, "chosen_ids": answers[0], "rejected_ids": answers[1]}


def _fit(run: RunFolder, recipe: Recipe, loaded: Any, data: Any) -> dict[str, Any]:
    from finetuning.pipeline.trainers import preferring, sft

    reporter = sft.Reporter(run)
    trainer = preferring.trainer(run, recipe, loaded, data, [reporter])
    checkpoints = run.checkpoints("preferences")
    trainer.train(resume_from_checkpoint=sft.last_checkpoint(checkpoints))
    if run.is_cancelled:
        raise CancelledError
    return sft.facts(trainer, reporter)


def _save(model: Any, folder: Path) -> None:
    model.save_pretrained(folder, selected_adapters=["default"])
