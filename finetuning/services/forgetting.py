"""What stories leave in the folders of runs, removed when a story is gone for good.

Hashes, counts, scores and logs stay; they hold no text. What a model has learned stays in its
weights: the models page counts the stories that were withdrawn since.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline import datastories, similar
from finetuning.pipeline.judge import COPIED_SHARE, COPIED_SIZE
from finetuning.pipeline.run_folder import (
    SIDES,
    RunFolder,
    read_rows,
    write_json,
    write_rows,
    write_text,
)
from stories.models import Story


def start_over(run: TrainingRun) -> None:
    """Remove everything that the run has made: it begins anew, with the stories of now."""
    TrainingExample.objects.filter(run=run).delete()
    run.folder.clear()


def forget_gone_stories() -> int:
    """Remove the text of stories that are gone from the folders of ended runs; return how many.

    A run that failed or was cancelled begins anew when it is resumed.
    """
    forgotten = 0
    for run in TrainingRun.objects.exclude(pk__in=TrainingRun.objects.active()):
        try:
            rows = read_rows(run.folder.stories)
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


def _forget(folder: RunFolder, left: list[Any], gone: list[Any]) -> None:
    stories = {row["story"] for row in left}
    kept: set[int] = set()
    for path in (folder.train, folder.held_out):
        _rewrite(path, lambda row: row["story"] in stories)
        kept |= {row["story"] for row in _read(path)}
    write_text(
        folder.csv,
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
        _rewrite(folder.written(side), lambda row: not tells(row))
    _blank_pairs(folder, tells)
    # By this file it is known what is gone: it comes last.
    write_rows(folder.stories, left)


def _blank_pairs(folder: RunFolder, tells: Callable[[Any], bool]) -> None:
    """Blank the pairs and keep their places, by which others know them."""
    if not folder.pairs.exists():
        return
    blank = {"prompt": "", "text": "", "report": {}}
    write_json(
        folder.pairs,
        [
            {side: {**story, **blank} for side, story in pair.items()}
            if any(map(tells, pair.values()))
            else pair
            for pair in folder.read_pairs()
        ],
    )


def _read(path: Path) -> list[Any]:
    return read_rows(path) if path.exists() else []


def _rewrite(path: Path, keep: Callable[[Any], bool]) -> None:
    if path.exists():
        write_rows(path, filter(keep, read_rows(path)))
