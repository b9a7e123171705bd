"""The pairs of stories that an evaluation wrote, without those that tell of a withdrawn story.

A worker blanks them in the run's folder (`forgetting`); until it has, they are blanked as they are
read, so that no page waits for it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from finetuning.models import TrainingRun
from finetuning.pipeline.material import similar
from finetuning.pipeline.material.similar import COPIED_SHARE, COPIED_SIZE
from finetuning.services import lineage

_BLANK: dict[str, Any] = {"prompt": "", "text": "", "report": {}}

Tells = Callable[[Any], bool]


def shown(run: TrainingRun) -> list[dict[str, Any]]:
    """Return the pairs of an ended run; of those that tell of a withdrawn story, the places."""
    found = run.folder.read_pairs()
    try:
        left, gone = lineage.left_and_gone(run.folder) if found else ([], [])
    except FileNotFoundError:
        return found
    return blanked(found, telling(left, gone)) if gone else found


def tells_of_gone(run: TrainingRun) -> Tells:
    """Return what knows whether a row tells of a story of `run` that is withdrawn or gone."""
    try:
        left, gone = lineage.left_and_gone(run.folder)
    except FileNotFoundError:
        left, gone = [], []
    return telling(left, gone)


def telling(left: Iterable[Any], gone: Iterable[Any]) -> Tells:
    """Return what knows whether a row tells of a story of `gone` that none of `left` tells too.

    It answers the story's prompt, or repeats much of its text.
    """
    prompts = {row["prompt"] for row in gone} - {row["prompt"] for row in left}
    texts = [similar.shingles(row["text"], COPIED_SIZE) for row in gone]

    def tells(row: Any) -> bool:
        return row["prompt"] in prompts or any(
            similar.copied_share(row["text"], text, COPIED_SIZE) >= COPIED_SHARE for text in texts
        )

    return tells


def blanked(pairs: Iterable[dict[str, Any]], tells: Tells) -> list[dict[str, Any]]:
    """Return `pairs` with those that tell blanked; they keep their places, by which votes know."""
    return [
        {side: {**story, **_BLANK} for side, story in pair.items()}
        if any(map(tells, pair.values()))
        else pair
        for pair in pairs
    ]
