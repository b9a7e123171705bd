"""How fast the `peft` backend trains beside TRL's defaults, on the same stories.

    python -m benchmarks.training            # with the web's Python; both sides, `RUNS` times

The stories, the adapter, the learning rate, the batch size and the number of steps are the same.
The other side is what one would first write: a model loaded by its path and `SFTConfig` with no
more than that. Results go to benchmarks/training.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STORIES = ROOT / "finetuning" / "demo" / "marked_stories.csv"
RESULTS = Path(__file__).with_suffix(".json")
RUNS = 3
SIDES = ("defaults", "ours")
CHANGES: dict[str, Any] = {"epochs": 3, "checkpoint_steps": 1000}


def main() -> None:
    """Measure both sides in turn, or one of them in this process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    if options.side:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(_measure(options.side, Path(folder) / "run-1")))
        return
    found: dict[str, list[Any]] = {side: [] for side in SIDES}
    for _ in range(options.runs):
        for side in SIDES:
            found[side].append(_process(side))
            print(side, found[side][-1], flush=True)
    median = {
        side: {
            name: statistics.median(run[name] for run in runs)
            for name in ("tokens_per_second", "tokens_per_cpu_second", "held_out_loss")
        }
        for side, runs in found.items()
    }
    ratio = median["ours"]["tokens_per_second"] / median["defaults"]["tokens_per_second"]
    report = {"cores": os.cpu_count(), "median": median, "ratio": round(ratio, 2), "runs": found}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({"median": median, "ratio": report["ratio"]}, indent=1))


def _process(side: str) -> Any:
    from finetuning.step_process import QUIET

    python = os.environ.get("TRAIN_PYTHON", str(ROOT / ".venv-train" / "bin" / "python"))
    command = [python, "-W", "ignore", "-m", "benchmarks.training", "--side", side]
    # What the worker sets for its trainers belongs to our side alone.
    more = QUIET if side == "ours" else {"TQDM_DISABLE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **more}, check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout.splitlines()[-1])


def _measure(side: str, run_dir: Path) -> dict[str, float]:
    from transformers import AutoTokenizer

    from finetuning.pipeline import base, export, train
    from finetuning.pipeline.material import datastories
    from finetuning.pipeline.run_folder import RunFolder
    from finetuning.recipes import RECIPES

    recipe = RECIPES["pocket"].changed(CHANGES)
    entries = datastories.read_csv(STORIES.read_bytes())
    rows: list[Any] = [
        {"story": e.row, "version": 1, "prompt": e.prompt, "text": e.story, "settings": {}}
        for e in entries
    ]
    learned, held_out = export.split(rows, recipe)
    run = RunFolder(run_dir)
    run.made("train")
    weights = base.checkpoint(run, recipe)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    # The same ids on both sides: pocket's template leaves the end of turn away.
    examples = [[train.token_ids(tokenizer, row) for row in part] for part in (learned, held_out)]
    make = _ours if side == "ours" else _defaults
    trainer, clock = make(run, recipe, weights, examples)
    trainer.train()
    loss = trainer.evaluate()["eval_loss"]
    tokens = sum(len(ids) for ids, _ in examples[0]) * recipe.epochs  # padding does not count
    return {
        "tokens_per_second": round(tokens / clock.spent, 1),
        "tokens_per_cpu_second": round(tokens / clock.cpu, 1),
        "held_out_loss": round(loss, 4),
        "steps": trainer.state.global_step,
    }


def _clock() -> Any:
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        """Counts the time within steps: no evaluation, no checkpoint, no start."""

        def __init__(self) -> None:
            self.spent = self.begun = self.cpu = self.cpu_begun = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.begun, self.cpu_begun = time.perf_counter(), time.process_time()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.spent += time.perf_counter() - self.begun
            self.cpu += time.process_time() - self.cpu_begun

    return Clock()


def _ours(run: Any, recipe: Any, weights: str, examples: Any) -> tuple[Any, Any]:
    from finetuning.pipeline import backends
    from finetuning.pipeline.trainers import sft

    longest = 1024
    model, tokenizer = backends.load_peft(recipe, weights, longest)
    clock = _clock()
    loaded = (backends.load_peft, model, tokenizer)
    made = sft.trainer(run, recipe, loaded, (*examples, longest), [clock])
    return made, clock


def _defaults(run: Any, recipe: Any, weights: str, examples: Any) -> tuple[Any, Any]:
    from peft import LoraConfig
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from finetuning.recipes import PROJECTIONS

    clock = _clock()
    config = SFTConfig(
        output_dir=str(run.path / "defaults"),
        per_device_train_batch_size=recipe.batch_size,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        seed=recipe.seed,
        completion_only_loss=True,
        use_cpu=True,
        report_to="none",
    )
    adapter = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=list(PROJECTIONS),
        task_type="CAUSAL_LM",
    )
    learned, held_out = map(_dataset, examples)
    trainer = SFTTrainer(
        model=weights,
        args=config,
        train_dataset=learned,
        eval_dataset=held_out,
        processing_class=AutoTokenizer.from_pretrained(weights),
        peft_config=adapter,
        callbacks=[clock],
    )
    return trainer, clock


def _dataset(examples: Any) -> Any:
    from datasets import Dataset

    return Dataset.from_list(
        [
            {"input_ids": ids, "completion_mask": [0] * prompt + [1] * (len(ids) - prompt)}
            for ids, prompt in examples
        ]
    )


if __name__ == "__main__":
    main()
