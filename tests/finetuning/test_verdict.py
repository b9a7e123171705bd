"""The verdict by the written rule, and the interval that it rests on."""

import math
import random
from typing import Any

import pytest

from finetuning.pipeline import judge
from finetuning.pipeline.judge import BETTER, NO_BETTER, WORSE, paired, verdict
from finetuning.pipeline.run_folder import StageError


def scores(
    loss: tuple[float, float] = (-0.3, -0.1),
    compliance: tuple[float, float] = (-0.1, 0.1),
    drift: float = 0.1,
    copies: int = 0,
    held_out: int = 8,
    compared: int = 8,
) -> dict[str, Any]:
    kept = {"before": 0.8, "after": 0.9, "groups": compared}
    return {
        "loss": {"low": loss[0], "high": loss[1], "groups": held_out},
        "compliance": {"low": compliance[0], "high": compliance[1], **kept},
        "drift": {"difference": drift},
        "copies": {"candidate": copies, "service": 0},
        "pairs": 10,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (scores(), BETTER),
        (scores(compliance=(0.1, 0.2)), BETTER),
        (scores(copies=1), BETTER),
        (scores(loss=(-0.3, 0.0)), NO_BETTER),
        (scores(loss=(-0.1, 0.1)), NO_BETTER),
        (scores(copies=2), NO_BETTER),
        (scores(loss=(0.01, 0.1)), WORSE),
        (scores(compliance=(-0.3, -0.01)), WORSE),
        (scores(drift=1.2), WORSE),
        (scores(loss=(0.01, 0.1), copies=9), WORSE),
        (scores(held_out=7), NO_BETTER),
        (scores(held_out=7, loss=(0.01, 0.1)), NO_BETTER),
        (scores(compared=2, compliance=(-0.3, -0.01)), BETTER),
        (scores(loss=(math.nan, math.nan)), NO_BETTER),
    ],
)
def test_each_verdict_is_possible(given: dict[str, Any], expected: str) -> None:
    found, reason = verdict(given)
    assert found == expected
    assert reason.endswith(".")


def test_the_sentence_says_of_the_settings_what_was_measured() -> None:
    assert verdict(scores())[1].endswith(
        "kept 90% of the settings, the model in service 80%: no sure difference."
    )
    assert verdict(scores(compliance=(0.1, 0.2)))[1].endswith("80%: more for sure.")
    assert verdict(scores(compliance=(0.1, 0.2), compared=2))[1].endswith("no sure difference.")


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
    monkeypatch.setattr(judge, "_RESAMPLES", 400)
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
