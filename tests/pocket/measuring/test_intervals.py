"""Wilson's interval by its known values, and what several answers to one case count for."""

import pytest

from pocket.measuring.intervals import shared, wilson


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    # By the formula, as statistics packages print them.
    [(0.75, 60, 0.6277, 0.8422), (0.5, 10, 0.2366, 0.7634), (0.0, 20, 0.0, 0.1611)],
)
def test_wilson_has_its_known_values(share: float, count: int, low: float, high: float) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=5e-5)


def test_all_and_none_stay_inside() -> None:
    assert wilson(1.0, 300)[1] == 1.0
    assert wilson(1.0, 300)[0] == pytest.approx(0.98736, abs=5e-5)
    assert wilson(0.5, 0) == (0.0, 1.0)


def test_answers_that_are_all_alike_count_as_one_case() -> None:
    alike = shared([[True] * 3] * 50 + [[False] * 3] * 50)
    alone = shared([[True]] * 50 + [[False]] * 50)
    assert alike is not None
    assert alone is not None
    assert (alike["share"], alike["count"]) == (0.5, 300)
    assert alike["low"] == pytest.approx(alone["low"], abs=2e-3)


def test_answers_that_have_nothing_in_common_count_in_full() -> None:
    mixed = shared([[True, False]] * 100)
    assert mixed is not None
    assert (mixed["low"], mixed["high"]) == pytest.approx(wilson(0.5, 200))


def test_no_answers_have_no_share() -> None:
    assert shared([]) is None
    assert shared([[]]) is None
