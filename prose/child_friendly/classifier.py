"""The classifier: how likely a passage is to be of a category, by a linear model (softmax).

Its weights are a file, which `prose.child_friendly.training` makes; it needs nothing to run.
"""

import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from prose.child_friendly import lists

WEIGHTS = Path(__file__).with_name("weights.json")
HARMLESS = "harmless"
LABELS = (HARMLESS, *lists.CATEGORIES)


def features(text: str) -> tuple[set[str], set[str]]:
    """Return the features of `text`, and the categories of which it has what is enough."""
    stems = lists.without_harmless(lists.stems_of(text))
    entries = lists.entries_in(stems)
    found = {f"{entry.category}{entry.strength or '.'}" for entry in entries}
    # Two different ones say more than one.
    for category in lists.CATEGORIES:
        if sum(entry.category == category and entry.strength != "?" for entry in entries) > 1:
            found.add(f"{category}..")
    found.update(_told(stems))
    return found, {entry.category for entry in entries if entry.strength == "!"}


def _told(stems: list[str]) -> Iterator[str]:
    before = "^"
    for stem in stems:
        yield stem
        yield f"{before} {stem}"
        yield from lists.classes_of(stem)
        before = stem


def shares(found: set[str]) -> dict[str, float]:
    """Return how likely each label is for a passage of features `found`; they sum up to 1."""
    bias, weights = _weights()
    sums = list(bias)
    for feature in found & weights.keys():
        for place, weight in enumerate(weights[feature]):
            sums[place] += weight
    return dict(zip(LABELS, softmax(sums), strict=True))


def softmax(sums: list[float]) -> list[float]:
    """Return shares that sum up to 1, by the sums of each label's weights."""
    most = max(sums)
    powers = [math.exp(value - most) for value in sums]
    whole = sum(powers)
    return [power / whole for power in powers]


@cache
def _weights() -> tuple[list[float], dict[str, list[float]]]:
    stored = json.loads(WEIGHTS.read_text())
    return stored["bias"], stored["weights"]
