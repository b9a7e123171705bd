"""Losses of the candidate and of the model in service, story by story.

On the held-out stories: does it expect what people approve? And on the stories that the model in
service wrote for the comparison: has it forgotten how to write? In nats a token of the story, its
end of turn included; the prompt is not counted. And on held-out preferences: how far are they met?
"""

from pathlib import Path
from typing import Any

from finetuning.pipeline import backends, base, train
from finetuning.pipeline.material import choices
from finetuning.pipeline.run_folder import RunFolder, read_rows, write_json
from finetuning.recipes import Recipe

_CANDIDATE, _SERVICE = "candidate", "service"
_IGNORED = -100


def measure(run: RunFolder, recipe: Recipe) -> None:
    """Write `evaluate/losses.json`. Raises `StageError`."""
    if run.losses.exists():
        return
    run.check_cancelled()
    model, tokenizer = _both(run, recipe)
    held_out = read_rows(run.held_out)
    written = [row for row in read_rows(run.written("service")) if row["text"]]
    losses = {
        name: _paired(model, tokenizer, rows)
        for name, rows in (("held_out", held_out), ("written", written))
    }
    if run.choices_held_out.exists():
        losses["preferences"] = _met(model, tokenizer, read_rows(run.choices_held_out))
    write_json(run.losses, losses)


def _both(run: RunFolder, recipe: Recipe) -> tuple[Any, Any]:
    """Return the base with the candidate's adapter and that of the model in service, if any."""
    from peft import PeftModel

    weights = base.checkpoint(run, recipe)
    # In full precision where that is cheap: both sides are measured alike in any case.
    precision = "float32" if Path(weights).is_dir() else backends.precision(recipe)
    model, tokenizer = backends.load_base(weights, precision)
    tuned = PeftModel.from_pretrained(model, run.adapter, _CANDIDATE)
    if service := run.service_adapter:
        backends.check_adapter(service)
        tuned.load_adapter(str(service), _SERVICE)
    return tuned.eval(), tokenizer


def _sides(model: Any, examples: list[tuple[list[int], int]]) -> tuple[list[float], list[float]]:
    """Return the losses of the model in service and of the candidate."""
    model.set_adapter(_CANDIDATE)
    after = story_losses(model, examples)
    if _SERVICE in model.peft_config:
        model.set_adapter(_SERVICE)
        return story_losses(model, examples), after
    with model.disable_adapter():
        return story_losses(model, examples), after


def _met(model: Any, tokenizer: Any, held_out: list[Any]) -> list[dict[str, Any]]:
    """Return how far each held-out preference is met before and after, by the verdict's rule."""
    found = []
    groups: dict[str, int] = {}  # by number: the file outlives the prompts
    for one in held_out:
        examples = [train.token_ids(tokenizer, row) for row in choices.rows(one)]
        sizes = [len(ids) - start for ids, start in examples]
        before, after = (_worth(one, losses, sizes) for losses in _sides(model, examples))
        group = groups.setdefault(one["prompt"], len(groups))
        found.append({"group": group, "before": before, "after": after})
    return found


def _worth(one: Any, losses: list[float], sizes: list[int]) -> float:
    if "good" in one:
        return -losses[0] if one["good"] else losses[0]
    chosen, rejected = (loss * size for loss, size in zip(losses, sizes, strict=True))
    return rejected - chosen


def _paired(model: Any, tokenizer: Any, rows: list[Any]) -> list[dict[str, float]]:
    before, after = _sides(model, [train.token_ids(tokenizer, row) for row in rows])
    return [
        {"story": row.get("story", 0), "before": b, "after": a}
        for row, b, a in zip(rows, before, after, strict=True)
    ]


def story_losses(model: Any, examples: list[tuple[list[int], int]]) -> list[float]:
    """Return the mean loss of each example (ids, length of the prompt) over its story."""
    import torch
    from torch.nn.functional import cross_entropy

    losses = []
    with torch.no_grad():
        for ids, prompt in examples:
            inputs = torch.tensor([ids], device=model.device)
            targets = inputs[0, 1:].clone()
            targets[: prompt - 1] = _IGNORED
            logits = model(input_ids=inputs).logits[0, :-1].float()
            losses.append(float(cross_entropy(logits, targets, ignore_index=_IGNORED)))
    return losses
