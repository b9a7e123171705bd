"""Lay out the run that teaches SmolLM2 to work with a text: `pocket/house/adapter.gguf`.

    python -m finetuning.demo.editor var/editor/run --adapter var/house/…/train/adapter
    .venv-train/bin/python -m finetuning.pipeline train var/editor/run
    .venv-train/bin/python -m finetuning.pipeline convert var/editor/run

The adapter to go on from is one that `make finetune ARGS=--house` made; without one, the base
learns. It learns the rewrites and continuations that were written for this project, of stories of
which none is in `pocket/stories/held_out`; those measure it (`python -m pocket.measuring
--rewrites`). Each step ends when its standard input does.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from finetuning.pipeline.material import lessons
from finetuning.pipeline.run_folder import InService, Row, RunFolder, write_json, write_rows
from finetuning.recipes import RECIPES, Recipe

_STORIES = Path(__file__).resolve().parents[2] / "pocket/stories"
HELD_OUT = _STORIES / "held_out"
_FOLDERS = (_STORIES / "plain", _STORIES / "told")
# What takes longer costs more memory than most machines have to spare: four of them are a batch.
_MOST_REWRITTEN, _MOST_CONTINUED = 210, 330  # words of the whole text


def recipe() -> Recipe:
    """Return how it is learned: once, since three of four texts have been seen as stories."""
    return replace(
        RECIPES["smollm2"],
        learning_rate=5e-4,
        epochs=1,
        replay=0.0,
        checkpoint_steps=40,
        patience=0,
    )


def lessons_to_learn() -> Iterator[Row]:
    """Yield rewrites and continuations, none of a story that measures."""
    held_out = {one["text"] for one in lessons.rewrites(HELD_OUT)}
    for folder in _FOLDERS:
        for one in lessons.rewrites(folder):
            if one["text"] not in held_out and _words(one["text"]) <= _MOST_REWRITTEN:
                yield lessons.rewrite_row(one)
        for more in lessons.continuations(folder):
            whole = f"{more['text']} {more['continuation']}"
            if more["text"] not in held_out and _words(whole) <= _MOST_CONTINUED:
                yield lessons.continuation_row(more)


def lay_out(run: RunFolder, adapter: Path | None) -> int:
    """Write what the trainer asks for into `run`; returns how many rows there are to learn."""
    rows = list(lessons_to_learn())
    held_out = [lessons.rewrite_row(one) for one in lessons.rewrites(HELD_OUT)]
    chosen = recipe()
    if adapter:
        chosen = replace(chosen, start_from="service")
    run.made("export")
    write_rows(run.train, rows)
    write_rows(run.held_out, held_out)
    write_json(run.recipe, chosen.to_dict())
    in_service = InService(model=chosen.base_model, adapter=str(adapter) if adapter else None)
    write_json(run.service, in_service)
    run.complete("export", {"train": len(rows), "held_out": len(held_out)})
    return len(rows)


def _words(text: str) -> int:
    return len(text.split())


def main() -> None:
    """Lay the run out."""
    parser = argparse.ArgumentParser(
        prog="python -m finetuning.demo.editor",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="a new folder")
    parser.add_argument("--adapter", type=Path, help="the folder of an adapter to go on from")
    asked = parser.parse_args()
    if asked.run.exists():
        parser.error(f"{asked.run} is there already")
    adapter = asked.adapter.resolve() if asked.adapter else None
    if adapter and RunFolder.of_adapter(adapter).manifest("train") is None:
        parser.error(f"{asked.adapter} is not the train/adapter folder of a run")
    rows = lay_out(RunFolder(asked.run.resolve()), adapter)
    sys.stdout.write(f"{rows} rows to learn\n")


if __name__ == "__main__":
    main()
