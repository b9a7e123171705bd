"""What stories leave in the folders of runs, removed when a story is gone for good.

Hashes, counts, scores and logs stay; they hold no text. What a model has learned stays in its
weights: the models page counts the stories that were withdrawn since.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline import STAGES, datastories, export, run_folder, similar
from finetuning.pipeline.compare import SIDES
from finetuning.pipeline.judge import COPIED_SHARE, COPIED_SIZE
from finetuning.pipeline.register import NAME
from finetuning.pipeline.train import SERVICE
from stories.models import Story


def start_over(run: TrainingRun) -> None:
    """Remove everything that the run has made: it begins anew, with the stories of now."""
    for stage in STAGES:
        shutil.rmtree(run.folder / stage, ignore_errors=True)
    TrainingExample.objects.filter(run=run).delete()
    # What says that the folder is laid out goes last.
    for name in (NAME, SERVICE, export.STORIES, "recipe.json"):
        (run.folder / name).unlink(missing_ok=True)


def forget_gone_stories() -> int:
    """Remove the text of stories that are gone from the folders of ended runs; return how many.

    A run that failed or was cancelled begins anew when it is resumed.
    """
    forgotten = 0
    for run in TrainingRun.objects.exclude(pk__in=TrainingRun.objects.active()):
        try:
            rows = run_folder.read_rows(run.folder / export.STORIES)
        except FileNotFoundError:
            continue
        left = set(Story.objects.values_list("pk", flat=True))
        gone = [row for row in rows if row["story"] not in left]
        if gone and run.state == TrainingRun.State.DONE:
            _forget(run.folder, [row for row in rows if row["story"] in left], gone)
        elif gone:
            start_over(run)
        forgotten += len(gone)
    return forgotten


def _forget(folder: Path, left: list[Any], gone: list[Any]) -> None:
    stories = {row["story"] for row in left}
    kept: set[int] = set()
    for name in ("train", "held-out"):
        path = folder / "export" / f"{name}.jsonl"
        _rewrite(path, lambda row: row["story"] in stories)
        kept |= {row["story"] for row in _read(path)}
    run_folder.write_text(
        folder / "export" / "datastories.csv",
        datastories.write_csv((r["prompt"], r["text"].strip()) for r in left if r["story"] in kept),
    )
    shown = {row["prompt"] for row in left}
    prompts = {row["prompt"] for row in gone} - shown
    texts = [similar.shingles(row["text"], COPIED_SIZE) for row in gone]

    def tells(row: Any) -> bool:
        return row["prompt"] in prompts or any(
            similar.copied_share(row["text"], text, COPIED_SIZE) >= COPIED_SHARE for text in texts
        )

    for side in SIDES:
        _rewrite(folder / "evaluate" / f"{side}.jsonl", lambda row: not tells(row))
    _blank_pairs(folder / "evaluate" / "stories.json", tells)
    # By this file it is known what is gone: it comes last.
    run_folder.write_rows(folder / export.STORIES, left)


def _blank_pairs(path: Path, tells: Callable[[Any], bool]) -> None:
    """Blank the pairs and keep their places, by which others know them."""
    if not path.exists():
        return
    pairs = json.loads(path.read_text(encoding="utf-8"))
    blank = {"prompt": "", "text": "", "report": {}}
    run_folder.write_json(
        path,
        [
            {side: {**story, **blank} for side, story in pair.items()}
            if any(map(tells, pair.values()))
            else pair
            for pair in pairs
        ],
    )


def _read(path: Path) -> list[Any]:
    return run_folder.read_rows(path) if path.exists() else []


def _rewrite(path: Path, keep: Callable[[Any], bool]) -> None:
    if path.exists():
        run_folder.write_rows(path, filter(keep, run_folder.read_rows(path)))
