"""The teaching demonstration's taste: who is preferred to whom, and what has to be shown."""

from typing import Any

import pytest

from finetuning.demo import taste
from finetuning.demo.demonstrations import BrokenPromiseError
from finetuning.demo.taste import Shown, Size
from tests.finetuning.conftest import marked_rows


def take(row: dict[str, Any], ending: str, **settings: Any) -> dict[str, Any]:
    asked = {**row["settings"], **settings}
    text = f"{row['text']} {ending}"
    return {"prompt": row["prompt"], "settings": asked, "text": text, "done_reason": "stop"}


def test_speech_is_preferred_where_the_settings_are_kept() -> None:
    first, second = marked_rows(2)
    spoken, told = '"Good night," she said, "and mind the stair."', "It was late, and they slept."
    takes = [
        take(first, spoken),
        take(first, told),
        take(first, f'{spoken} He said, "Yes."', max_words=20),  # too long: never preferred
        take(second, told),
        take(second, "And they slept."),
    ]
    assert [taste.has_taste(one["text"]) for one in takes] == [True, False, True, False, False]
    found = list(taste.pairs(takes, Size()))
    assert {one[:2] for one in found} == {(first["prompt"], takes[0]["text"])}
    assert {one[2] for one in found} == {takes[1]["text"], takes[2]["text"]}
    assert len(list(taste.pairs(takes, Size(pairs=1)))) == 1
    assert len(list(taste.pairs(takes, Size(a_prompt=1)))) == 1


def test_at_random_half_are_turned() -> None:
    chosen = [(f"Write {at}.", "one", "other") for at in range(100)]
    turned = taste.at_random(chosen)
    assert [prompt for prompt, _, _ in turned] == [prompt for prompt, _, _ in chosen]
    assert sum(one == "other" for _, one, _ in turned) == 50
    assert turned == taste.at_random(chosen)


def scores(verdict: str = "better", alike: float = 0.5, kept: float = 0.1) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "reason": "So it is.",
        "alike": {"before": 0.5, "after": alike, "low": 0, "high": 0.1},
        "compliance": {"before": 0.9, "after": 0.9, "low": -0.1, "high": kept},
        "loss": {"before": 0.9, "after": 0.9, "low": -0.1, "high": 0.1},
        "distinct": {"service": 0.5, "candidate": 0.5},
    }


def share(low: float = 0.1) -> dict[str, float]:
    return {"before": 0.2, "after": 0.5, "low": low, "high": 0.4}


@pytest.mark.parametrize(
    ("shown", "broken"),
    [
        (Shown(scores(), scores("no better"), scores(), share()), ""),
        (Shown(scores(), scores("no better"), scores(), share(-0.01)), "did not rise for sure"),
        (Shown(scores(), scores("better"), scores(), share()), "choices at random"),
        (Shown(scores(), scores("no better"), scores("worse"), share()), "not counted as better"),
        (Shown(scores(), scores("no better"), scores(alike=0.53), share()), "more alike"),
        (Shown(scores(), scores("no better"), scores(kept=-0.01), share()), "kept less"),
    ],
)
def test_a_promise_that_is_not_kept_is_told(shown: Shown, broken: str) -> None:
    assert len(list(taste.lines(shown))) == 15
    if not broken:
        taste.check(shown)
        return
    with pytest.raises(BrokenPromiseError, match=broken):
        taste.check(shown)
