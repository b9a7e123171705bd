"""TRL's `DPOTrainer` and `KTOTrainer` as we use them, on what we have made into ids ourselves.

Imported inside functions, and after the backend is chosen: Unsloth patches what this imports.
"""

import math
from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import cross_entropy, logsigmoid
from transformers.trainer_callback import PrinterCallback
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

from finetuning.pipeline import backends
from finetuning.pipeline.run_folder import RunFolder
from finetuning.recipes import Recipe

# Backend, model with its adapter, tokenizer.
Loaded = tuple[backends.Backend, Any, Any]
# Examples to learn from, examples held out, tokens of the longest.
Data = tuple[list[dict[str, Any]], list[dict[str, Any]], int]


class _Made:
    """Takes the examples as they are.

    TRL would make ids of whole chats; a server makes those of the prompt, and of what is given of
    the answer, apart.
    """

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset


class PairTrainer(_Made, DPOTrainer):  # type: ignore[misc]  # trl is not in the web's environment
    """DPO on pairs; without a model to refer to, TRL takes a frozen copy of the adapter."""


class MarkTrainer(_Made, KTOTrainer):  # type: ignore[misc]
    """KTO on marks."""


class CheapPairTrainer(PairTrainer):
    """A cheaper way to the same loss, for a PEFT model over a causal one of transformers.

    On a CPU, TRL makes logits for every token, prompts and padding too, and entropies and
    accuracies beside them; and it asks the reference anew each epoch, unless it may keep files.
    """

    def _precompute_ref_logps(self, dataset: Any, _: str, size: int) -> Any:
        """Ask the reference once: nothing is trained yet, so that it is the model as it is."""
        rows, found = list(dataset), []
        # In the arithmetic of the steps: the first one's differences are zero.
        with torch.no_grad(), self.compute_loss_context_manager():
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                inputs = self._prepare_inputs(self.data_collator(part))
                sides = (side.tolist() for side in log_probs(self.model, inputs).chunk(2))
                for row, chosen, rejected in zip(part, *sides, strict=True):
                    found.append(
                        {**row, "ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
                    )
        return Dataset.from_list(found)

    def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> Any:
        if return_outputs:
            raise NotImplementedError("the logits are not made")
        chosen, rejected = log_probs(model, inputs).chunk(2)
        gained = chosen - inputs["ref_chosen_logps"]
        lost = rejected - inputs["ref_rejected_logps"]
        if model.training:
            self._total_train_tokens += int(inputs["attention_mask"].sum())
        metrics = self._metrics["train" if model.training else "eval"]
        metrics["num_tokens"] = [self._total_train_tokens]
        answers = inputs["completion_mask"][:, 1:].chunk(2)[0].sum()
        weight, anchor = self.loss_weights
        return (
            -weight * logsigmoid(self.beta * (gained - lost)).mean()
            - anchor * chosen.sum() / answers
        )


def log_probs(model: Any, inputs: Any) -> Any:
    """Return of each text in the batch what its answer is worth to `model`, in nats."""
    causal = model.get_base_model()
    hidden = causal.get_decoder()(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
    ).last_hidden_state[:, :-1]
    wanted = inputs["completion_mask"][:, 1:].bool()
    logits = causal.get_output_embeddings()(hidden[wanted]).float()
    worth = -cross_entropy(logits, inputs["input_ids"][:, 1:][wanted], reduction="none")
    places = wanted.nonzero()[:, 0]
    return worth.new_zeros(len(wanted)).index_add(0, places, worth)


def trainer(
    run: RunFolder, recipe: Recipe, loaded: Loaded, data: Data, callbacks: list[Any]
) -> Any:
    """Return the trainer for `data`; its checkpoints go into the run's folder."""
    load, model, tokenizer = loaded
    learned, held_out, length = data
    shared = _arguments(run, recipe, len(learned), length)
    kind: Any
    if recipe.preferences == "kto":
        kind = MarkTrainer
        arguments = KTOConfig(**shared, train_sampling_strategy="sequential")
        sides = [_mismatched(_mixed(side), _batch(recipe)) for side in (learned, held_out)]
    else:
        # Unsloth brings its own fast loss into TRL's trainer.
        cheap = load is backends.load_peft
        kind = CheapPairTrainer if cheap else PairTrainer
        # Without the second, both texts may grow less likely, and what is written breaks: RPO
        # (Pang et al., Iterative Reasoning Preference Optimization, 2024).
        losses = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, float(recipe.anchor)]}
        arguments = DPOConfig(**shared, **losses, precompute_ref_log_probs=cheap)
        sides = [learned, held_out]
    made = kind(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(sides[0]),
        eval_dataset=Dataset.from_list(sides[1]),
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    # It prints every log, and the callbacks speak for themselves.
    made.remove_callback(PrinterCallback)
    return made


def _batch(recipe: Recipe) -> int:
    """Return how many examples a batch has: each is two texts, and KTO needs two at least."""
    return max(2, recipe.batch_size // 2)


def _arguments(run: RunFolder, recipe: Recipe, count: int, length: int) -> dict[str, Any]:
    on_gpu = torch.cuda.is_available()
    batch = _batch(recipe)
    steps = math.ceil(recipe.preference_epochs * math.ceil(count / (batch * recipe.accumulation)))
    steps = min(steps, recipe.max_steps or steps)
    return {
        "output_dir": str(run.checkpoints("preferences")),
        "per_device_train_batch_size": batch,
        "per_device_eval_batch_size": batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "max_steps": steps,
        "learning_rate": recipe.preference_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": min(recipe.warmup_steps, steps // 10),
        "weight_decay": 0.0,
        "beta": recipe.beta,
        "seed": recipe.seed,
        "max_length": length,
        "bf16": backends.precision(recipe) == "bfloat16",
        "use_cpu": not on_gpu,
        "gradient_checkpointing": on_gpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "eval_on_start": True,
        "eval_strategy": "steps",
        "eval_steps": min(recipe.checkpoint_steps, steps),
        "save_strategy": "steps",
        "save_steps": recipe.checkpoint_steps,
        "save_total_limit": 2,
        "dataloader_pin_memory": False,
        "dataloader_num_workers": 0,
        "report_to": "none",
        "disable_tqdm": True,
    }


def _mixed(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the marks spread evenly, so that a batch holds approved and rejected ones."""
    sides = [[one for one in marks if one["label"] is good] for good in (True, False)]
    places = [((at + 0.5) / len(side), one) for side in sides for at, one in enumerate(side)]
    return [one for _, one in sorted(places, key=lambda place: place[0])]


def _mismatched(marks: list[dict[str, Any]], batch: int) -> list[dict[str, Any]]:
    """Add to each mark another one's answer in its batch, by which KTO estimates the divergence."""
    made = []
    for start in range(0, len(marks), batch):
        part = marks[start : start + batch]
        made += [
            {**one, "KL_completion_ids": other["completion_ids"]}
            for one, other in zip(part, [part[-1], *part[:-1]], strict=True)
        ]
    return made
