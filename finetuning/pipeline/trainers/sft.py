"""Supervised fine-tuning by TRL's `SFTTrainer`, as we use it: arguments, a cheaper loss, reports.

Imported inside functions, and after the backend is chosen: Unsloth patches what this imports.
"""

import math
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import cross_entropy
from transformers import EarlyStoppingCallback, TrainerCallback
from transformers.trainer_callback import PrinterCallback
from trl import SFTConfig, SFTTrainer

from finetuning.pipeline import backends, telling
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import StageError, log
from finetuning.recipes import Recipe
from prose import said

# Backend, model with its adapter, tokenizer.
Loaded = tuple[backends.Backend, Any, Any]
# A chat as ids, and how many of them are the prompt.
Example = tuple[list[int], int]
# Examples to learn from, examples held out, tokens of the longest.
Data = tuple[list[Example], list[Example], int]
_IGNORED = -100
# Written into a checkpoint when all of it is there: one cut off by a kill is not gone on from.
_WHOLE = "whole"


def trainer(
    run: RunFolder, recipe: Recipe, loaded: Loaded, data: Data, callbacks: list[Any]
) -> Any:
    """Return the trainer for `data`; its checkpoints go into the run's folder."""
    load, model, tokenizer = loaded
    learned, held_out, max_length = data
    if recipe.patience:
        callbacks = [*callbacks, EarlyStoppingCallback(recipe.patience)]
    # Unsloth brings its own fast loss into TRL's trainer.
    kind = StoryTrainer if load is backends.load_peft else SFTTrainer
    made = kind(
        model=model,
        args=_arguments(run, recipe, max_length, len(learned)),
        train_dataset=_dataset(learned),
        eval_dataset=_dataset(held_out),
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    # It prints every log, and the callbacks speak for themselves.
    made.remove_callback(PrinterCallback)
    return made


def _dataset(examples: list[Example]) -> Any:
    """Return the examples for TRL, with a mask of ones over the story and zeros over the prompt."""
    return Dataset.from_list(
        [
            {"input_ids": ids, "completion_mask": [0] * prompt + [1] * (len(ids) - prompt)}
            for ids, prompt in examples
        ]
    )


def _arguments(run: RunFolder, recipe: Recipe, max_length: int, count: int) -> Any:
    on_gpu = torch.cuda.is_available()
    steps = recipe.max_steps or math.ceil(
        recipe.epochs * math.ceil(count / (recipe.batch_size * recipe.accumulation))
    )
    return SFTConfig(
        output_dir=str(run.checkpoints("train")),
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
        # The adapter stays in float32: without autocast, so would its products.
        bf16=backends.precision(recipe) == "bfloat16",
        use_cpu=not on_gpu,
        # Memory is no concern on a CPU, and recomputing would cost a third of the time.
        gradient_checkpointing=on_gpu,
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_on_start=True,
        eval_strategy="steps",
        eval_steps=min(recipe.checkpoint_steps, steps),
        save_strategy="steps",
        save_steps=min(recipe.checkpoint_steps, steps),
        save_total_limit=2,  # the best one, and the last one to go on from
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        dataloader_pin_memory=False,
        dataloader_num_workers=0,
        report_to="none",
        disable_tqdm=True,
    )


def last_checkpoint(folder: Path) -> str | None:
    """Return the newest whole checkpoint in `folder`, if any; those that are not whole go."""
    whole = [path.parent for path in folder.glob(f"*/{_WHOLE}")]
    for left in folder.glob("checkpoint-*"):
        if left not in whole:
            shutil.rmtree(left)
    if not whole:
        return None
    newest = max(whole, key=lambda path: int(path.name.rsplit("-", 1)[1]))
    log(f"Going on from step {newest.name.rsplit('-', 1)[1]}.")
    return str(newest)


class StoryTrainer(SFTTrainer):  # type: ignore[misc]  # trl is not in the web's environment
    """A cheaper way to the same loss, for a PEFT model over a causal one of transformers.

    TRL makes logits for every token, prompts and padding too, and entropies and accuracies beside
    them. The loss needs those at the story's own tokens only; with a small model, that is a third
    of the time.
    """

    tokens_seen = 0

    def compute_loss(
        self,
        model: Any,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the cross-entropy summed over the stories' tokens, divided by their number.

        `num_items_in_batch` counts them over all batches of a step, when batches are accumulated.
        """
        if return_outputs:
            raise NotImplementedError("the logits are not made")
        causal = model.get_base_model()
        hidden = causal.get_decoder()(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
        ).last_hidden_state[:, :-1]
        targets = inputs["labels"][:, 1:]
        wanted = targets != _IGNORED
        logits = causal.get_output_embeddings()(hidden[wanted]).float()
        loss = cross_entropy(logits, targets[wanted], reduction="sum")
        if model.training:
            self.tokens_seen += int(inputs["attention_mask"].sum())
        return loss / (wanted.sum() if num_items_in_batch is None else num_items_in_batch)

    def log(self, logs: Any, start_time: Any = None) -> None:
        """Add the number of tokens so far, as TRL's own loss does."""
        super().log({**logs, "num_tokens": self.tokens_seen}, start_time)


class Reporter(TrainerCallback):  # type: ignore[misc]  # transformers is not in it either
    """Says how each step went, stops when the run is cancelled and at a broken loss."""

    def __init__(self, run: RunFolder) -> None:
        self.started = time.monotonic()
        self.tokens = 0
        self.peak = 0  # bytes of memory
        self._run = run
        self._first_step = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count the time, and the steps when some were done before."""
        self.started, self._first_step = time.monotonic(), state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Report the step. Raises `StageError` when its loss or gradient is no number."""
        values = logs or {}
        for name in ("loss", "eval_loss", "grad_norm"):
            if name in values and not math.isfinite(float(values[name])):
                raise StageError(
                    said(
                        "The gradient is no number any more at step %(step)s. "
                        "A lower learning rate may help.",
                        step=state.global_step,
                    )
                    if name == "grad_norm"
                    else said(
                        "The loss is no number any more at step %(step)s. "
                        "A lower learning rate may help.",
                        step=state.global_step,
                    )
                )
        self.tokens = int(values.get("num_tokens") or self.tokens)
        self.peak = max(self.peak, telling.memory())
        self._say(state, values)

    def _say(self, state: Any, values: Any) -> None:
        spent = time.monotonic() - self.started
        done = state.global_step - self._first_step
        left = spent / done * (state.max_steps - state.global_step) if done else None
        telling.say(
            "progress",
            step=state.global_step,
            steps=state.max_steps,
            loss=values.get("loss"),
            held_out=values.get("eval_loss"),
            tokens_per_second=round(self.tokens / spent) if spent and self.tokens else None,
            seconds_left=None if left is None else round(left, 1),
            memory=telling.memory(),
        )

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as whole."""
        saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        (saved / _WHOLE).touch()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Measure after the last step too; keep what is done and stop, if the run is cancelled."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = True
        if self._run.is_cancelled:
            control.should_save = True
            control.should_training_stop = True


def facts(done: Any, reporter: Reporter) -> dict[str, Any]:
    """Return what a training that is done has taken."""
    return {
        "steps": done.state.global_step,
        "most_steps": done.state.max_steps,
        "best_step": done.state.best_global_step,
        "seconds": round(time.monotonic() - reporter.started, 1),
        "tokens": reporter.tokens,
        "memory": reporter.peak,
    }
