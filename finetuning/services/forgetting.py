"""What stories leave in runs' folders and pairs, removed as soon as one is withdrawn or gone.

Hashes, counts, scores and logs stay; they hold no text. What a promoted model has learned stays in
its weights: the models page counts the stories that were withdrawn since.
"""

import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.material import datastories
from finetuning.pipeline.run_folder import (
    SIDES,
    RunFolder,
    read_rows,
    write_json,
    write_rows,
    write_text,
)
from finetuning.services import choosing, lineage, pairs, storage
from stories.models import WriterModel

logger = logging.getLogger(__name__)
_PATIENCE = 10.0  # seconds with a model server that does not answer: the text has to go


@contextmanager
def alone() -> Iterator[None]:
    """Keep everybody else from laying out or cleaning a run's folder until the block ends."""
    folder = Path(settings.DATA_DIR) / "training"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "forgetting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start_over(run: TrainingRun) -> None:
    """Remove everything that the run has made: it begins anew, with the stories of now.

    The caller is `alone`.
    """
    _unregister(run)
    storage.remove_from_store(run)
    TrainingExample.objects.filter(run=run).delete()
    run.pairs.all().delete()
    run.folder.clear()


def _unregister(run: TrainingRun) -> None:
    """Take the model that the run put on the model server off it, unless somebody decided on it."""
    if not run.folder.names.exists():
        return
    # By the name that was chosen: a step that was killed may have registered it and not said so.
    name = run.folder.read_names()["model"]
    candidate = WriterModel.State.CANDIDATE
    if WriterModel.objects.filter(name=name).exclude(state=candidate).exists():
        return
    WriterModel.objects.filter(name=name).delete()
    storage.remove_from_servers(name, _PATIENCE)


def forget_gone_stories() -> int:
    """Remove the text of withdrawn and gone stories from the runs' folders; return how many.

    A run that waits, failed or was cancelled begins anew. One that is under way is its driver's
    (`finetuning.driver`), which looks by itself.
    """
    return sum(map(forget, TrainingRun.objects.exclude(state=TrainingRun.State.RUNNING)))


def forget(run: TrainingRun) -> int:
    """Remove the text of withdrawn and gone stories from the folder of `run`; return how many.

    Nothing is done while the run is under way. What is interrupted, or fails because of the disk,
    is done by the next call.
    """
    try:
        with alone():
            return _forget_in(run)
    except OSError:
        logger.exception("%s: the text of withdrawn stories stays for now", run)
        return 0


def _forget_in(run: TrainingRun) -> int:
    # It may have been taken by a worker, or have ended, since it was looked up.
    state = TrainingRun.objects.filter(pk=run.pk).values_list("state", flat=True).first()
    if state in {None, TrainingRun.State.RUNNING}:
        return 0
    pairs.forget(run)
    try:
        left, gone = lineage.left_and_gone(run.folder)
    except FileNotFoundError:
        return 0
    taken_back = choosing.withdrawn(choosing.keys(run.folder))
    if not gone and not taken_back:
        return 0
    if state == TrainingRun.State.DONE:
        _forget_choices(run.folder, taken_back)
        if gone:
            _forget(run.folder, left, gone)
    else:
        start_over(run)
    return len(gone)


def _forget_choices(folder: RunFolder, taken_back: set[str]) -> None:
    """Remove the texts of choices that may not be learned from any more."""
    for path in (folder.choices_train, folder.choices_held_out, folder.choices, folder.marks):
        _rewrite(path, lambda row: row["key"] not in taken_back)


def _forget(folder: RunFolder, left: list[Any], gone: list[Any]) -> None:
    folder.remove_drafts()
    stories = {row["story"] for row in left}
    kept: set[int] = set()
    for path in (folder.train, folder.held_out):
        _rewrite(path, lambda row: row["story"] in stories)
        kept |= {row["story"] for row in _read(path)}
    write_text(
        folder.csv,
        datastories.write_csv((r["prompt"], r["text"].strip()) for r in left if r["story"] in kept),
    )
    tells = pairs.telling(left, gone)
    for side in SIDES:
        _rewrite(folder.written(side), lambda row: not tells(row))
    _blank_pairs(folder, tells)
    # By this file it is known what is gone: it comes last.
    write_rows(folder.stories, left)


def _blank_pairs(folder: RunFolder, tells: Callable[[Any], bool]) -> None:
    """Blank the pairs and keep their places, by which others know them."""
    if not folder.pairs.exists():
        return
    write_json(folder.pairs, pairs.blanked(folder.read_pairs(), tells))


def _read(path: Path) -> list[Any]:
    return read_rows(path) if path.exists() else []


def _rewrite(path: Path, keep: Callable[[Any], bool]) -> None:
    if path.exists():
        write_rows(path, filter(keep, read_rows(path)))
