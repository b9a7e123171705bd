"""The verdict by the written rule, and the interval that it rests on."""

import random
from typing import Any

import pytest

from finetuning.pipeline.evaluate import BETTER, NO_BETTER, WORSE, paired, verdict


def scores(
    loss: tuple[float, float] = (-0.3, -0.1),
    compliance: tuple[float, float] = (-0.1, 0.1),
    drift: float = 0.1,
    copies: int = 0,
) -> dict[str, Any]:
    return {
        "loss": {"low": loss[0], "high": loss[1]},
        "compliance": {"low": compliance[0], "high": compliance[1]},
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
    ],
)
def test_each_verdict_is_possible(given: dict[str, Any], expected: str) -> None:
    found, reason = verdict(given)
    assert found == expected
    assert reason.endswith(".")


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
