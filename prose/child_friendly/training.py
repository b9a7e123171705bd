"""Makes the classifier's weights, in about a minute: python -m prose.child_friendly.training

It learns from `passages/`, one a line, and from the child-friendly stories that the embedded model
learned from, every other one: the rest is left for measuring (`benchmarks/child_friendly.py`).
The passages of tests/ are no part of it.
"""

import csv
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from prose import sentences
from prose.child_friendly import classifier

_PASSAGES = Path(__file__).with_name("passages")
_STORIES = Path(__file__).parents[2] / "pocket" / "stories"
_ROUNDS, _RATE, _DECAY = 12, 0.2, 5e-4
_LEAST = 0.1  # weights nearer to nothing are left out

Example = tuple[list[str], str]  # features and label


def main() -> None:
    """Train, and write the weights."""
    examples = _known([(classifier.features(text)[0], label) for text, label in _texts()])
    bias, weights = _fitted(examples)
    kept = {
        feature: [round(weight, 2) for weight in row]
        for feature, row in sorted(weights.items())
        if max(map(abs, row)) >= _LEAST
    }
    told = json.dumps({"bias": [round(weight, 2) for weight in bias], "weights": kept})
    classifier.WEIGHTS.write_text(told.replace("], ", "],\n") + "\n")


def _texts() -> Iterator[tuple[str, str]]:
    for label in classifier.LABELS:
        for text in (_PASSAGES / f"{label}.txt").read_text().splitlines():
            yield text, label
    for folder in ("plain", "told"):
        with (_STORIES / folder / "stories.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if "child-friendly" in row["Prompt"]]
        for row in rows[::2]:
            yield from ((text, classifier.HARMLESS) for text in _pairs(row["Story"]))


def _known(examples: list[tuple[set[str], str]]) -> list[Example]:
    """Return the examples with what stands in more than one of them, in a fixed order."""
    seen = Counter(feature for found, _ in examples for feature in found)
    return [(sorted(name for name in found if seen[name] > 1), label) for found, label in examples]


def _pairs(story: str) -> Iterator[str]:
    spans = list(sentences.sentences(story))
    for (start, _), (_, end) in zip(spans[::2], spans[1::2], strict=False):
        yield story[start:end]


def _fitted(examples: list[Example]) -> tuple[list[float], dict[str, list[float]]]:
    """Return bias and weights by stochastic gradient descent (AdaGrad), in a seeded order."""
    order = random.Random(0)  # noqa: S311 - repeatable
    size = len(classifier.LABELS)
    weights: dict[str, list[float]] = defaultdict(lambda: [0.0] * size)
    squares: dict[str, list[float]] = defaultdict(lambda: [1.0] * size)
    for _ in range(_ROUNDS):
        order.shuffle(examples)
        for found, label in examples:
            _step(weights, squares, [*found, ""], classifier.LABELS.index(label))
    return weights.pop(""), dict(weights)


def _step(
    weights: dict[str, list[float]], squares: dict[str, list[float]], found: list[str], label: int
) -> None:
    rows = [weights[feature] for feature in found]
    expected = classifier.softmax([sum(column) for column in zip(*rows, strict=True)])
    errors = [share - (place == label) for place, share in enumerate(expected)]
    for feature, row in zip(found, rows, strict=True):
        square = squares[feature]
        for place, error in enumerate(errors):
            slope = error + _DECAY * row[place]
            square[place] += slope * slope
            row[place] -= _RATE * slope / square[place] ** 0.5


if __name__ == "__main__":
    main()
