"""Distinct 4-grams, openings and the nearest story, of texts whose counts are known."""

import pytest

from pocket.measuring.diversity import diversity

ONE = "A hen sat on the wall."  # 6 words, 3 grams
OTHER = "Two men ran to the sea."
ALIKE = "A hen sat on the roof."  # shares 2 grams and its opening with the first


def test_stories_that_share_nothing_are_all_distinct() -> None:
    found = diversity([ONE, OTHER])
    assert found == {"distinct_4grams": 1, "words": 12, "openings_twice": 0, "nearest": 0}


def test_what_two_stories_share_is_counted() -> None:
    found = diversity([ONE, ALIKE, OTHER])
    assert found is not None
    # Of 9 grams, 2 of the first stand in the second too: 4 of them twice.
    assert found["distinct_4grams"] == pytest.approx(5 / 9)
    assert found["openings_twice"] == pytest.approx(2 / 3)
    assert found["nearest"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_capitals_and_signs_make_no_difference() -> None:
    found = diversity([ONE, "a HEN, sat: on the wall"])
    assert found is not None
    assert (found["distinct_4grams"], found["openings_twice"], found["nearest"]) == (0, 1, 1)


def test_no_more_words_are_looked_at_than_given() -> None:
    found = diversity([ONE, OTHER], most_words=10)
    assert found is not None
    assert found["words"] == 10


def test_the_order_of_the_stories_makes_no_difference() -> None:
    assert diversity([ONE, ALIKE, OTHER], 10) == diversity([OTHER, ONE, ALIKE], 10)


def test_no_stories_have_none() -> None:
    assert diversity([]) is None
    assert diversity(["..."]) is None
