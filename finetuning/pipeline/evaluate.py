"""The verdict: losses, compliance and near-copies of both models, put together by a written rule.

*worse* when the held-out loss rose for sure, or the settings are kept less for sure, or the model
has forgotten how to write (the loss of what the model in service writes rose by more than
`MOST_DRIFT`). Otherwise *better* when the held-out loss fell for sure and at most `MOST_COPIES` of
the stories copy one that was trained on. Otherwise *no better*. "For sure": the 95 % interval of a
paired bootstrap excludes zero.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from finetuning.pipeline import runs, similar
from finetuning.pipeline.compare import SIDES
from finetuning.pipeline.measure import LOSSES
from finetuning.recipes import Recipe
from stories import prompts, reports

BETTER, NO_BETTER, WORSE = "better", "no better", "worse"
MOST_DRIFT = 1.0  # nats a token
MOST_COPIES = 0.1  # share of the stories
# A story is a near-copy when this share of its eight-word sequences stands in one trained on.
COPIED_SHARE = 0.5
_COPIED_SIZE = 8  # words
_RESAMPLES = 10_000
_CONFIDENCE = 0.95


def evaluate(run_dir: Path, recipe: Recipe) -> None:
    """Write the evaluation. Raises `StageError`."""
    if runs.manifest(run_dir, "evaluate") is not None:
        return
    folder = runs.folder(run_dir, "evaluate")
    losses = json.loads((folder / LOSSES).read_text())
    trained = [
        similar.shingles(row["text"], _COPIED_SIZE)
        for row in runs.read_rows(run_dir / "export" / "train.jsonl")
    ]
    sides = {
        side: [_judged(row, trained) for row in runs.read_rows(folder / f"{side}.jsonl")]
        for side in SIDES
    }
    scores: dict[str, Any] = {
        "loss": paired(
            [story["before"] for story in losses["held_out"]],
            [story["after"] for story in losses["held_out"]],
            recipe.seed,
        ),
        "drift": paired(
            [story["before"] for story in losses["written"]],
            [story["after"] for story in losses["written"]],
            recipe.seed,
        ),
        "compliance": paired(
            [story["kept"] for story in sides["service"]],
            [story["kept"] for story in sides["candidate"]],
            recipe.seed,
        ),
        "checks": {side: _checks(sides[side]) for side in SIDES},
        "copies": {side: sum(story["copied"] for story in sides[side]) for side in SIDES},
        "pairs": recipe.pairs,
    }
    scores["verdict"], scores["reason"] = verdict(scores)
    stories = [
        {"service": service, "candidate": candidate}
        for service, candidate in zip(sides["service"], sides["candidate"], strict=True)
    ]
    runs.write_json(folder / "stories.json", stories)
    runs.log(f"Verdict: {scores['verdict']}. {scores['reason']}")
    runs.complete(run_dir, "evaluate", scores)


def verdict(scores: dict[str, Any]) -> tuple[str, str]:
    """Return the verdict by this module's rule, and the sentence that says why."""
    loss, compliance, drift = scores["loss"], scores["compliance"], scores["drift"]
    copies = scores["copies"]["candidate"] / scores["pairs"]
    if loss["low"] > 0:
        return WORSE, "It expects the held-out stories less than the model in service does."
    if compliance["high"] < 0:
        return WORSE, "It keeps to the settings less than the model in service does."
    if drift["difference"] > MOST_DRIFT:
        return WORSE, "It has forgotten how the model in service writes."
    if loss["high"] >= 0:
        return NO_BETTER, "The held-out loss did not fall for sure."
    if copies > MOST_COPIES:
        return NO_BETTER, "It copies stories that it was trained on."
    return BETTER, "It expects the held-out stories more, and keeps to the settings as well."


def paired(before: Sequence[float], after: Sequence[float], seed: int) -> dict[str, float]:
    """Return both means and their difference with its interval, by a paired bootstrap.

    Percentile method (Efron and Tibshirani, 1993) over `_RESAMPLES` resamples of the pairs.
    """
    differences = [b - a for a, b in zip(before, after, strict=True)]
    count = len(differences)
    if not count:
        return dict.fromkeys(("before", "after", "difference", "low", "high", "count"), 0.0)
    rng = random.Random(seed)  # noqa: S311 - statistics, not secrets
    means = sorted(sum(rng.choices(differences, k=count)) / count for _ in range(_RESAMPLES))
    tail = int((1 - _CONFIDENCE) / 2 * _RESAMPLES)
    return {
        "before": sum(before) / count,
        "after": sum(after) / count,
        "difference": sum(differences) / count,
        "low": means[tail],
        "high": means[-tail - 1],
        "count": count,
    }


def _judged(row: Any, trained: list[similar.Shingles]) -> dict[str, Any]:
    settings = cast("prompts.PromptSettings", SimpleNamespace(**row["settings"]))
    report = reports.story_report(row["text"], settings)
    checks = {
        "names": not report["characters_missing"],
        "keywords": not report["keywords_missing"],
        "length": 0 < report["words"] <= report["max_words"],
        "ending": report["whole_end"] and row["done_reason"] == "stop",
        "repetition": not report["repeated_sentences"],
    }
    copied = max(
        (similar.copied_share(row["text"], source, _COPIED_SIZE) for source in trained), default=0.0
    )
    return {
        "model": row["model"],
        "prompt": row["prompt"],
        "genre": row["settings"]["genre"],
        "register": row["settings"]["register"],
        "seed": row["seed"],
        "text": row["text"],
        "report": report,
        "checks": checks,
        "kept": sum(checks.values()) / len(checks),
        "copied_share": round(copied, 3),
        "copied": bool(row["text"]) and copied >= COPIED_SHARE,
    }


def _checks(stories: list[dict[str, Any]]) -> dict[str, float]:
    return {
        name: sum(story["checks"][name] for story in stories) / len(stories)
        for name in stories[0]["checks"]
    }
