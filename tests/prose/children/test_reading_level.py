"""Syllables are heard, and the formulas are those of the papers."""

import pytest

from prose.children.reading_level import reading_level, syllables

EASY = "The cat sat on the mat. The dog ran to the cat. They had a lot of fun in the sun. " * 3
HARD = (
    "The administration's characteristically unsatisfactory interpretation of contemporary "
    "constitutional responsibilities necessitated extraordinarily complicated negotiations "
    "concerning international environmental obligations, agricultural modernisation and "
    "the redistribution of governmental authority among regional representatives, who objected."
)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cat", 1), ("made", 1), ("baked", 1), ("wanted", 2), ("table", 2), ("horses", 2),
        ("lion", 2), ("idea", 3), ("nation", 2), ("being", 2), ("beautiful", 3), ("poem", 2),
        ("strengths", 1), ("the", 1), ("quiet", 2), ("makes", 1), ("little", 2), ("every", 3),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_figures_are_those_of_the_formulas() -> None:
    level = reading_level(EASY)
    assert level is not None
    # 21 words of a syllable each in three sentences.
    assert level.grade == round(0.39 * 21 / 3 + 11.8 - 15.59, 1)
    assert level.ease == round(206.835 - 1.015 * 21 / 3 - 84.6, 1)
    assert level.age == 5


def test_what_is_hard_is_for_adults_and_what_is_short_is_not_told() -> None:
    hard = reading_level(HARD)
    assert hard is not None
    assert hard.is_for_adults
    assert reading_level("Too short to tell.") is None
