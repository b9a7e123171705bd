"""Teach a linear classifier on MiniLM what is not for children.

    python -m pocket.training.children            # into prose/children/classifier.npz

Reads the passages in `pocket/stories/children/taught` and, as harmless ones, paragraphs of the
stories for children that the pocket model learned from; never `held_out`. It is multinomial
logistic regression, with how the passages are judged by classifiers that have not seen them.
Needs nothing but NumPy; takes about a minute.
"""

import argparse
import csv
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket.measuring import for_children
from prose.children import encoder

Array = NDArray[np.floating[Any]]

PARAGRAPHS, MIXED = 250, 100  # so many gentle paragraphs, and harmful passages beside gentle ones
STRENGTH = 2.0  # the inverse of the penalty on the weights, as scikit-learn's C
SCALE = 20.0  # features are standardised, then divided by it
STEPS, FOLDS = 800, 4
_STORIES = Path(__file__).parents[1] / "stories"


def paragraphs() -> list[str]:
    """Return the paragraphs of the stories for children that the pocket model learned from."""
    found = []
    for name in ("plain", "told"):
        with (_STORIES / name / "stories.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if "child-friendly" in row["Prompt"]:
                    parts = map(str.strip, row["Story"].split("\n\n"))
                    found += [part for part in parts if len(part.split()) >= 20]
    return found


def material(chance: random.Random) -> list[tuple[str, int]]:
    """Return the texts that teach, each with the number of its category."""
    passages = for_children.read(for_children.PASSAGES / "taught")
    rows = [(each.text, encoder.CATEGORIES.index(each.category)) for each in passages]
    gentle = paragraphs()
    chance.shuffle(gentle)
    for text, category in chance.sample([row for row in rows if row[1]], MIXED):
        # A gentle sentence beside a harmful one doesn't make it harmless.
        pair = [text, chance.choice(gentle[PARAGRAPHS:]).split(". ")[0].rstrip(".") + "."]
        chance.shuffle(pair)
        rows.append((" ".join(pair), category))
    return [*rows, *((text, 0) for text in gentle[:PARAGRAPHS])]


def fitted(features: Array, categories: Array) -> tuple[Array, Array]:
    """Return weights (categories, features) and biases by accelerated gradient descent.

    Of the mean cross entropy with a penalty on the weights; Nesterov, 1983.
    """
    count = len(features)
    wanted = np.eye(len(encoder.CATEGORIES))[categories.astype(int)]
    inputs = np.hstack([features, np.ones((count, 1))])
    penalty = np.full(inputs.shape[1], 1 / (STRENGTH * count))
    penalty[-1] = 0
    # The steepest that the loss can curve is half of the inputs' greatest variance.
    step = 1 / (np.linalg.norm(inputs, 2) ** 2 / (2 * count) + penalty.max())
    weights = ahead = np.zeros((wanted.shape[1], inputs.shape[1]))
    for number in range(STEPS):
        scores = inputs @ ahead.T
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        after = ahead - step * ((shares - wanted).T @ inputs / count + penalty * ahead)
        ahead = after + number / (number + 3) * (after - weights)
        weights = after
    return weights[:, :-1], weights[:, -1]


def weight(scores: Array) -> Array:
    """Return by how much the categories outweigh "nothing of these" (log odds)."""
    harmful: Array = np.logaddexp.reduce(scores[:, 1:], axis=1)
    return harmful - scores[:, 0]


def unseen(features: Array, categories: Array, chance: random.Random) -> Array:
    """Return the log odds of each row by a classifier that was fitted without it."""
    order = list(range(len(features)))
    chance.shuffle(order)
    found = np.zeros(len(features))
    for fold in range(FOLDS):
        out = np.array(order[fold::FOLDS])
        rest = np.setdiff1d(np.arange(len(features)), out)
        weights, biases = fitted(features[rest], categories[rest])
        found[out] = weight(features[out] @ weights.T + biases)
    return found


def main() -> None:
    """Fit a classifier, print how unseen passages would be judged, and write it."""
    parser = argparse.ArgumentParser(prog="python -m pocket.training.children", description=__doc__)
    parser.add_argument("--seed", type=int, default=3407)
    parser.add_argument("--output", type=Path, default=encoder.CLASSIFIER)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    rows = material(chance)
    model = encoder.load(encoder.PACKAGE, None)
    pooled = np.stack([model.features(text) for text, _ in rows])
    categories = np.array([category for _, category in rows])
    middle, spread = pooled.mean(axis=0), (pooled.std(axis=0) + 1e-6) * SCALE
    features = (pooled - middle) / spread
    odds, is_harmful = unseen(features, categories, chance), categories > 0
    # Of a few harmless ones in a hundred that are found, the threshold is zero.
    zero = float(np.quantile(odds[~is_harmful], 0.92))
    for threshold in (0.0, -0.5, -1.0):
        found = odds - zero > threshold
        print(
            f"threshold {threshold}: {found[is_harmful].mean():.3f} found, "
            f"{found[~is_harmful].mean():.3f} false alarms"
        )
    weights, biases = fitted(features, categories)
    weights = weights / spread
    biases = biases - weights @ middle
    biases[1:] -= zero
    single = {"weights": weights.astype(np.float32), "biases": biases.astype(np.float32)}
    np.savez_compressed(options.output, **single)


if __name__ == "__main__":
    main()
