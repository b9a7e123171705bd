"""What teaches the check for children and what measures it are apart."""

from pocket.measuring import for_children
from prose import words

_RUN = 8  # words in a row that two passages don't come to share by chance


def _runs(text: str) -> set[tuple[str, ...]]:
    told = [words.folded(text[start:end]) for start, end in words.spans(text)]
    return {tuple(told[start : start + _RUN]) for start in range(len(told) - _RUN + 1)}


def test_nothing_that_measures_is_taught() -> None:
    held_out = set[tuple[str, ...]]()
    for passage in for_children.read(for_children.PASSAGES / "held_out"):
        held_out |= _runs(passage.text)
    taught = for_children.read(for_children.PASSAGES / "taught")
    assert len(taught) > 2_000
    assert [each.text for each in taught if _runs(each.text) & held_out] == []
