"""The intervals that the verdict and the blind comparison rest on."""

import math
import random

import pytest

from finetuning.pipeline import statistics
from finetuning.pipeline.statistics import paired, wilson
from finetuning.pipeline.telling import StageError


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_evaluation(broken: float) -> None:
    for before, after in (([2.0, broken], [1.0, 1.0]), ([2.0, 2.0], [1.0, broken])):
        with pytest.raises(StageError, match="no number"):
            paired(before, after, 1)


@pytest.mark.parametrize("count", [8, 20])
def test_by_chance_alone_few_stories_are_rarely_called_better(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the intervals, 2.5 % should lie below zero; the plain percentile ones do so in 6 %."""
    monkeypatch.setattr(statistics, "_RESAMPLES", 400)
    rng, trials = random.Random(1), 400
    found = [
        paired([0.0] * count, [rng.gauss(0, 1) for _ in range(count)], n) for n in range(trials)
    ]
    assert sum(one["high"] < 0 for one in found) / trials < 0.04


def test_stories_of_one_prompt_count_as_one() -> None:
    rng = random.Random(1)
    by_prompt = [rng.gauss(-0.3, 1) for _ in range(10)]
    once = paired([0.0] * 10, by_prompt, 1)
    often = paired([0.0] * 100, by_prompt * 10, 1, list(range(10)) * 10)
    assert (often["count"], often["groups"]) == (100, 10)
    assert often["low"] == pytest.approx(once["low"])
    assert often["high"] == pytest.approx(once["high"])
    assert often["high"] > paired([0.0] * 100, by_prompt * 10, 1)["high"]


def test_the_interval_holds_the_difference_and_narrows_with_the_number() -> None:
    rng = random.Random(1)
    widths = []
    for count in (10, 1000):
        before = [rng.gauss(2, 1) for _ in range(count)]
        after = [value - 0.5 + rng.gauss(0, 0.5) for value in before]
        found = paired(before, after, 1)
        assert found["low"] < found["difference"] < found["high"]
        assert found["difference"] == pytest.approx(found["after"] - found["before"])
        widths.append(found["high"] - found["low"])
    assert widths[1] < widths[0] / 5
    # The pairs count, not the spread of the stories among themselves.
    assert widths[1] == pytest.approx(2 * 1.96 * 0.5 / 1000**0.5, rel=0.15)


def test_equal_sides_differ_by_nothing() -> None:
    found = paired([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1)
    assert (found["low"], found["difference"], found["high"]) == (0, 0, 0)
    assert paired([], [], 1)["count"] == 0


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 0, 0, 1),
        (7, 10, 0.397, 0.892),
        (0, 10, 0, 0.278),
        (10, 10, 0.722, 1),
        (50, 100, 0.404, 0.596),
    ],
)
def test_the_interval_is_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=0.001)
