"""What teaches the check for children, and what measures it, are apart."""

import random
from collections import Counter
from itertools import pairwise

from pocket.measuring import for_children
from pocket.training.children import material
from prose import words

TAUGHT = for_children.PASSAGES / "taught"
_RUN = 8  # words in a row that two passages don't come to share by chance


def _runs(text: str) -> set[tuple[str, ...]]:
    told = [words.folded(text[start:end]) for start, end in words.spans(text)]
    return {tuple(told[start : start + _RUN]) for start in range(len(told) - _RUN + 1)}


def test_nothing_that_measures_is_taught() -> None:
    held_out = set[tuple[str, ...]]()
    for passage in for_children.read(for_children.PASSAGES / "held_out"):
        held_out |= _runs(passage.text)
    taught = material.labelled(TAUGHT)
    assert len(taught) > 2_000
    assert [row.text for row in taught if _runs(row.text) & held_out] == []
    assert not set(for_children.paragraphs(0)) & set(for_children.paragraphs(1))


def test_folds_are_even_and_hold_out_passages_in_a_row() -> None:
    rows = material.labelled(TAUGHT)
    sizes = Counter(row.fold for row in rows)
    assert len(sizes) == material.FOLDS
    assert min(sizes.values()) * 1.5 > max(sizes.values())
    assert sum(row.fold != after.fold for row, after in pairwise(rows)) * 20 < len(rows)


def test_a_round_keeps_what_a_passage_says_and_its_category() -> None:
    rows = material.labelled(TAUGHT)[::20]
    paragraphs = for_children.paragraphs(0)[:50]
    read = list(material.a_round(rows, paragraphs, random.Random(1)))
    assert len(read) == len(rows) * (100 + material.PARAGRAPHS) // 100
    places, alone = set(), 0
    for row, (text, category) in zip(rows, read, strict=False):
        assert row.text in text
        assert category == row.category
        places.add(text.index(row.text) > 0)
        alone += text == row.text
    assert places == {True, False}
    assert 0 < alone < len(rows)
    assert all(category == 0 for _, category in read[len(rows) :])
