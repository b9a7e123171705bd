"""The verdict by the written rule."""

import math
from typing import Any

import pytest

from finetuning.pipeline.judge import BETTER, NO_BETTER, WORSE, verdict


def scores(
    loss: tuple[float, float] = (-0.3, -0.1),
    compliance: tuple[float, float] = (-0.1, 0.1),
    drift: float = 0.1,
    copies: int = 0,
    held_out: int = 8,
    compared: int = 8,
    met: tuple[float, float] | None = None,
    more_than_half: float = 0.01,
    alike: tuple[float, float] = (-0.1, 0.1),
) -> dict[str, Any]:
    preferences = {}
    if met:
        share = {"low": more_than_half}
        preferences = {"preferences": {"low": met[0], "high": met[1], "groups": 8, "share": share}}
    kept = {"before": 0.8, "after": 0.9, "groups": compared}
    return {
        "loss": {"low": loss[0], "high": loss[1], "groups": held_out},
        "compliance": {"low": compliance[0], "high": compliance[1], **kept},
        "drift": {"difference": drift},
        "alike": {"low": alike[0], "high": alike[1], "before": 0.5, "groups": 8},
        **preferences,
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
        # Preferences: what was learned of them counts, and may cost a little of the likelihood.
        (scores(loss=(-0.1, 0.1), met=(0.1, 2)), BETTER),
        (scores(loss=(-0.1, 0.1), met=(-0.1, 2)), NO_BETTER),
        (scores(loss=(-0.1, 0.1), met=(0.1, 2), more_than_half=-0.01), NO_BETTER),
        (scores(loss=(0.02, 0.1), met=(0.1, 2)), BETTER),
        (scores(loss=(0.02, 0.1), met=(-2, 2)), NO_BETTER),
        (scores(loss=(0.12, 0.2), met=(0.1, 2)), WORSE),
        (scores(met=(0.1, 2), compliance=(-0.3, -0.01)), WORSE),
        (scores(met=(0.1, 2), copies=2), NO_BETTER),
        # Self-BLEU was 0.5: more alike by over 5 % of it for sure.
        (scores(met=(0.1, 2), alike=(0.026, 0.1)), NO_BETTER),
        (scores(met=(0.1, 2), alike=(0.024, 0.1)), BETTER),
        (scores(alike=(0.1, 0.2)), BETTER),
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


def test_the_sentence_says_what_was_gained() -> None:
    assert verdict(scores(loss=(-0.1, 0.1), met=(0.1, 2)))[1].startswith("It meets preferences")
    assert "preferences" not in verdict(scores())[1]
    assert "preferences" in verdict(scores(loss=(-0.1, 0.1), met=(-1, 2)))[1]
    assert "more alike" in verdict(scores(met=(0.1, 2), alike=(0.1, 0.2)))[1]
