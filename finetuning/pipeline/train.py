"""A LoRA adapter from the exported stories, by TRL's `SFTTrainer`; loss on the stories alone.

Leaves `train/adapter/` (safetensors) and, while it runs, checkpoints that a rerun goes on from.
"""

import json
import math
import shutil
import time
from pathlib import Path
from typing import Any

from finetuning.pipeline import backends, base, datastories, run_folder
from finetuning.pipeline.run_folder import CancelledError, StageError
from finetuning.recipes import Recipe

ADAPTER = "adapter"
# Backend, model with its adapter, tokenizer.
Loaded = tuple[backends.Backend, Any, Any]
# Written into a checkpoint when all of it is there: one cut off by a kill is not gone on from.
_WHOLE = "whole"
# Where this file names a folder with an adapter to start from (`recipe.start_from` is "service").
SERVICE = "service.json"
# Llama 3.2's template writes today's date into the prompt; training must not depend on the day.
_DATE = {"date_string": "26 Jul 2024"}


def train(run_dir: Path, recipe: Recipe) -> None:
    """Run the stage. Raises `StageError` and `CancelledError`."""
    if run_folder.manifest(run_dir, "train") is not None:
        return
    run_folder.need(run_dir, "export")
    run_folder.check_cancelled(run_dir)
    load = backends.choose(recipe)
    weights = base.checkpoint(run_dir, recipe)
    rows = run_folder.read_rows(run_dir / "export" / "train.jsonl")
    held_out = run_folder.read_rows(run_dir / "export" / "held-out.jsonl")
    max_length = _longest(weights, rows + held_out)
    model, tokenizer = load(recipe, weights, max_length)
    _check_context(model, max_length)
    if recipe.start_from == "service" and (adapter := service_adapter(run_dir)):
        run_folder.log("Starting from the model in service.")
        backends.take_over(model, adapter, weights)
    folder = run_folder.folder(run_dir, "train")
    with run_folder.disk_errors():
        facts = _fit(run_dir, recipe, (load, model, tokenizer), (rows, held_out, max_length))
        model.save_pretrained(folder / ADAPTER)
    backends.check_adapter(folder / ADAPTER)
    run_folder.complete(
        run_dir, "train", {**facts, "base": base.identity(weights), "weights": weights}
    )
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def service_adapter(run_dir: Path) -> Path | None:
    """Return the folder of the adapter in service, or None when the base itself is."""
    path = run_dir / SERVICE
    if not path.exists():
        return None
    named = json.loads(path.read_text()).get("adapter")
    return Path(named) if named else None


def _longest(weights: str, rows: list[Any]) -> int:
    """Return the tokens of the longest example: nothing is cut, least of all an ending."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights)
    return max(len(token_ids(tokenizer, row)[0]) for row in rows)


def _dataset(tokenizer: Any, rows: list[Any]) -> Any:
    """Return the rows for TRL, with a mask of ones over the story and zeros over the prompt."""
    from datasets import Dataset

    examples = [token_ids(tokenizer, row) for row in rows]
    return Dataset.from_list(
        [
            {"input_ids": ids, "completion_mask": [0] * prompt + [1] * (len(ids) - prompt)}
            for ids, prompt in examples
        ]
    )


def token_ids(tokenizer: Any, row: Any) -> tuple[list[int], int]:
    """Return a row's chat as ids, and how many of them are the prompt.

    The end of turn is always there, and so learned: a template that leaves the last answer open,
    to be continued, would teach the model never to stop.
    """
    chat = datastories.chat(row["prompt"], row["text"])
    render = tokenizer.apply_chat_template
    prompt = render(chat["prompt"], add_generation_prompt=True, tokenize=False, **_DATE)
    whole = render(chat["prompt"] + chat["completion"], tokenize=False, **_DATE)
    if not whole.rstrip().endswith(tokenizer.eos_token):
        whole += tokenizer.eos_token
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    return ids, len(tokenizer(prompt, add_special_tokens=False)["input_ids"])


def _check_context(model: Any, longest: int) -> None:
    context = model.config.max_position_embeddings
    if longest > context:
        raise StageError(
            f"The longest story takes {longest:,} tokens with its prompt and the base reads "
            f"{context:,}. Set “Longest story” lower, so that it is left out."
        )


def _fit(run_dir: Path, recipe: Recipe, loaded: Loaded, data: Any) -> dict[str, Any]:
    max_length = data[2]
    reporter = _reporter(run_dir)
    trainer = sft_trainer(run_dir, recipe, loaded, data, [reporter])
    trainer.train(resume_from_checkpoint=_last_checkpoint(run_dir))
    if run_folder.is_cancelled(run_dir):
        raise CancelledError
    facts: dict[str, Any] = {
        "steps": trainer.state.global_step,
        "max_length": max_length,
        "seconds": round(time.monotonic() - reporter.started, 1),
        "tokens": reporter.tokens,
        "memory": reporter.peak,
    }
    return facts


def sft_trainer(
    run_dir: Path, recipe: Recipe, loaded: Loaded, data: Any, callbacks: list[Any]
) -> Any:
    """Return the trainer for `data`: (rows to learn from, rows held out, longest in tokens)."""
    from transformers.trainer_callback import PrinterCallback
    from trl import SFTTrainer

    from finetuning.pipeline.story_trainer import StoryTrainer

    load, model, tokenizer = loaded
    rows, held_out, max_length = data
    # Unsloth brings its own fast loss into TRL's trainer.
    kind = StoryTrainer if load is backends.load_peft else SFTTrainer
    trainer = kind(
        model=model,
        args=_arguments(run_dir, recipe, max_length, len(rows)),
        train_dataset=_dataset(tokenizer, rows),
        eval_dataset=_dataset(tokenizer, held_out),
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    # It prints every log, and the callbacks speak for themselves.
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(run_dir: Path, recipe: Recipe, max_length: int, count: int) -> Any:
    import torch
    from trl import SFTConfig

    on_gpu = torch.cuda.is_available()
    steps = recipe.max_steps or math.ceil(
        recipe.epochs * math.ceil(count / (recipe.batch_size * recipe.accumulation))
    )
    return SFTConfig(
        output_dir=str(run_dir / "train" / "checkpoints"),
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        max_steps=steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        seed=recipe.seed,
        max_length=max_length,
        packing=False,
        completion_only_loss=True,
        # Stories of like length share a batch, so that little of it is padding.
        train_sampling_strategy="group_by_length",
        # The base is loaded in the precision that it computes in: no autocast around it.
        bf16=on_gpu and recipe.precision == "bfloat16",
        use_cpu=not on_gpu,
        # Memory is no concern on a CPU, and recomputing would cost a third of the time.
        gradient_checkpointing=on_gpu,
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_on_start=True,
        eval_strategy="steps",
        eval_steps=min(recipe.checkpoint_steps, steps),
        save_strategy="steps",
        save_steps=recipe.checkpoint_steps,
        save_total_limit=2,
        dataloader_pin_memory=False,
        dataloader_num_workers=0,
        report_to="none",
        disable_tqdm=True,
    )


def _last_checkpoint(run_dir: Path) -> str | None:
    whole = [path.parent for path in (run_dir / "train" / "checkpoints").glob(f"*/{_WHOLE}")]
    for left in (run_dir / "train" / "checkpoints").glob("checkpoint-*"):
        if left not in whole:
            shutil.rmtree(left)
    if not whole:
        return None
    newest = max(whole, key=lambda path: int(path.name.rsplit("-", 1)[1]))
    run_folder.log(f"Going on from step {newest.name.rsplit('-', 1)[1]}.")
    return str(newest)


def _reporter(run_dir: Path) -> Any:
    """Return the callback that reports each step, stops when cancelled and at a broken loss."""
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):  # type: ignore[misc]  # transformers is not in this environment
        def __init__(self) -> None:
            self.started = time.monotonic()
            self.first_step: int | None = None
            self.tokens = 0
            self.peak = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.started, self.first_step = time.monotonic(), state.global_step

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            values = logs or {}
            for name in ("loss", "eval_loss", "grad_norm"):
                if name in values and not math.isfinite(float(values[name])):
                    raise StageError(
                        f"The {'gradient' if name == 'grad_norm' else 'loss'} is no number any "
                        f"more at step {state.global_step}. A lower learning rate may help."
                    )
            self.tokens = int(values.get("num_tokens") or self.tokens)
            self.peak = max(self.peak, run_folder.memory())
            self._say(state, values)

        def _say(self, state: Any, values: Any) -> None:
            spent = time.monotonic() - self.started
            done = state.global_step - (self.first_step or 0)
            left = spent / done * (state.max_steps - state.global_step) if done else None
            run_folder.say(
                "progress",
                step=state.global_step,
                steps=state.max_steps,
                loss=values.get("loss"),
                held_out=values.get("eval_loss"),
                tokens_per_second=round(self.tokens / spent) if spent and self.tokens else None,
                seconds_left=None if left is None else round(left, 1),
                memory=run_folder.memory(),
            )

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            (saved / _WHOLE).touch()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if run_folder.is_cancelled(run_dir):
                control.should_save = True
                control.should_training_stop = True

    return Reporter()
