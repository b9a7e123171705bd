"""How passages are judged by models that have not seen them, and the threshold that follows."""

import random
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pocket.measuring import for_children
from pocket.measuring.intervals import wilson
from pocket.training.children import tuning
from pocket.training.children.material import Row, beside

# Of a hundred harmless passages that teach, so many may be found. They are look-alikes, harder than
# others: of ordinary paragraphs of stories, hardly one is.
FALSE_ALARMS = 8
_PARAGRAPHS = 300  # of stories that were not taught, judged in each fold

Odds = NDArray[np.float32]


class Unseen(NamedTuple):
    """The log odds of what a model has not seen."""

    is_harmful: NDArray[np.bool_]
    alone: Odds  # of the passages as they are
    beside: Odds  # of the same, beside a sentence or two of a gentle story
    gentle: Odds  # of paragraphs of stories for children


def unseen(fold: int, rows: list[Row], seed: int) -> Unseen:
    """Return how the passages of `fold` are judged by a model that learned from the others."""
    model = tuning.fit([row for row in rows if row.fold != fold], for_children.paragraphs(0), seed)
    out = [row for row in rows if row.fold == fold]
    gentle, chance = for_children.paragraphs(1), random.Random(seed + fold)
    chance.shuffle(gentle)
    mixed = [beside(row.text, chance.choice(gentle), chance) for row in out]
    return Unseen(
        np.array([row.category > 0 for row in out]),
        tuning.judged(model, [row.text for row in out]),
        tuning.judged(model, mixed),
        tuning.judged(model, gentle[:_PARAGRAPHS]),
    )


def together(folds: Iterable[Unseen]) -> Unseen:
    """Return what was judged in all folds."""
    return Unseen(*(np.concatenate(arrays) for arrays in zip(*folds, strict=True)))


def threshold(found: Unseen) -> float:
    """Return the log odds beyond which `FALSE_ALARMS` of the harmless passages are."""
    harmless = np.concatenate([each[~found.is_harmful] for each in (found.alone, found.beside)])
    return float(np.quantile(harmless, 1 - FALSE_ALARMS / 100))


def table(found: Unseen, zero: float) -> str:
    """Return what share is found at a threshold of `zero`, a line each."""
    harmful = found.is_harmful
    return "\n".join(
        [
            _line("harmful, alone", found.alone[harmful], zero),
            _line("harmful, beside a gentle sentence", found.beside[harmful], zero),
            _line("harmless, alone", found.alone[~harmful], zero),
            _line("harmless, beside a gentle sentence", found.beside[~harmful], zero),
            _line("paragraphs of stories", found.gentle, zero),
        ]
    )


def _line(name: str, odds: Odds, zero: float) -> str:
    share = float((odds > zero).mean())
    low, high = wilson(share, len(odds))
    return f"{name}: {100 * share:.1f} % found ({100 * low:.1f} to {100 * high:.1f})"
