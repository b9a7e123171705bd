"""What teaches the check for children: labelled passages, alone and beside harmless sentences.

From `pocket/stories/children/taught`, never `held_out`; and, as harmless ones, paragraphs of half
of the stories for children that the pocket model learned from.
"""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pocket.measuring import for_children
from prose import sentences
from prose.children import encoder

FOLDS = 4
_BLOCK = 40  # passages of a file that are held out together
# Of a hundred passages that teach, so many stand beside harmless sentences in a round, and of
# those so many beside a gentle story's; the others beside a harmless passage.
BESIDE, GENTLE = 60, 65
# So many gentle paragraphs are read in a round for each hundred passages.
PARAGRAPHS = 25


class Row(NamedTuple):
    """A text, the number of its category in `encoder.CATEGORIES`, and the fold it belongs to."""

    text: str
    category: int
    fold: int


def labelled(folder: Path) -> list[Row]:
    """Return the labelled passages of `folder`, what was written in a row in the same fold.

    Who writes many passages repeats themselves, most of all from one to the next.
    """
    rows: list[Row] = []
    # A category's first block is in the fold of its number, so that all folds are as large.
    folds = Counter({number: number for number in range(len(encoder.CATEGORIES))})
    for path in sorted(folder.glob("*.jsonl")):
        found = for_children.read_file(path)
        for start in range(0, len(found), _BLOCK):
            part = found[start : start + _BLOCK]
            first = encoder.CATEGORIES.index(part[0].category)
            for each in part:
                kind = encoder.CATEGORIES.index(each.category)
                rows.append(Row(each.text, kind, folds[first] % FOLDS))
            folds[first] += 1
    return rows


def beside(text: str, harmless: str, chance: random.Random) -> str:
    """Return `text` with one or two sentences of `harmless` before or behind it."""
    ends = list(sentences.sentences(harmless))
    count = min(chance.randint(1, 2), len(ends))
    first = chance.randint(0, len(ends) - count)
    part = harmless[ends[first][0] : ends[first + count - 1][1]]
    pair = [text, part]
    chance.shuffle(pair)
    return " ".join(pair)


def a_round(
    rows: list[Row], paragraphs: list[str], chance: random.Random
) -> Iterator[tuple[str, int]]:
    """Yield what is read in a round, with its category: each of `rows` once, and some paragraphs.

    A gentle sentence beside a harmful one doesn't make it harmless, and many harmless ones, one
    after the other, are harmless.
    """
    harmless = [row.text for row in rows if not row.category]
    for row in rows:
        text = row.text
        if chance.randrange(100) < BESIDE:
            others = paragraphs if chance.randrange(100) < GENTLE else harmless
            text = beside(text, chance.choice(others), chance)
        yield text, row.category
    for text in chance.sample(paragraphs, min(len(paragraphs), len(rows) * PARAGRAPHS // 100)):
        yield text, 0
