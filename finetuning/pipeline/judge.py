"""The verdict: losses, compliance and near-copies of both models, put together by a written rule.

With fewer than `ENOUGH` held-out prompts nothing can be told: *no better*. Otherwise *worse* when
the held-out loss rose for sure, or the settings are kept less for sure, or the model has forgotten
how to write (the loss of what the model in service writes rose by more than `MOST_DRIFT`).
Otherwise *better* when the held-out loss fell for sure and at most `MOST_COPIES` of the stories
copy one that was trained on. Otherwise *no better*. "For sure": the 95 % interval of a paired
bootstrap excludes zero.
"""

import json
import math
import random
from collections.abc import Hashable, Sequence
from pathlib import Path
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any, cast

from finetuning.pipeline import run_folder, similar
from finetuning.pipeline.compare import SIDES
from finetuning.pipeline.export import ENOUGH
from finetuning.pipeline.measure import LOSSES
from finetuning.pipeline.run_folder import StageError
from finetuning.recipes import Recipe
from prose import prompts, report

BETTER, NO_BETTER, WORSE = "better", "no better", "worse"
MOST_DRIFT = 1.0  # nats a token
MOST_COPIES = 0.1  # share of the stories
# A story is a near-copy when this share of its eight-word sequences stands in one trained on.
COPIED_SHARE = 0.5
COPIED_SIZE = 8  # words
_RESAMPLES = 10_000
_CONFIDENCE = 0.95


def evaluate(run_dir: Path, recipe: Recipe) -> None:
    """Write the evaluation. Raises `StageError`."""
    if run_folder.manifest(run_dir, "evaluate") is not None:
        return
    folder = run_folder.folder(run_dir, "evaluate")
    losses = json.loads((folder / LOSSES).read_text())
    held_out = run_folder.read_rows(run_dir / "export" / "held-out.jsonl")
    trained = [
        similar.shingles(row["text"], COPIED_SIZE)
        for row in run_folder.read_rows(run_dir / "export" / "train.jsonl")
    ]
    sides = {
        side: [_judged(row, trained) for row in run_folder.read_rows(folder / f"{side}.jsonl")]
        for side in SIDES
    }
    scores: dict[str, Any] = {
        "loss": paired(
            [story["before"] for story in losses["held_out"]],
            [story["after"] for story in losses["held_out"]],
            recipe.seed,
            [row["prompt"] for row in held_out],
        ),
        "drift": paired(
            [story["before"] for story in losses["written"]],
            [story["after"] for story in losses["written"]],
            recipe.seed,
            [story["prompt"] for story in sides["service"] if story["text"]],
        ),
        "compliance": paired(
            [story["kept"] for story in sides["service"]],
            [story["kept"] for story in sides["candidate"]],
            recipe.seed,
            [story["prompt"] for story in sides["service"]],
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
    run_folder.write_json(folder / "stories.json", stories)
    run_folder.log(f"Verdict: {scores['verdict']}. {scores['reason']}")
    run_folder.complete(run_dir, "evaluate", scores)


def verdict(scores: dict[str, Any]) -> tuple[str, str]:
    """Return the verdict by this module's rule, and the sentence that says why."""
    loss, compliance, drift = scores["loss"], scores["compliance"], scores["drift"]
    copies = scores["copies"]["candidate"] / scores["pairs"]
    if loss["groups"] < ENOUGH:
        return NO_BETTER, (
            f"Too few stories are held out to tell: they have {loss['groups']} different prompts, "
            f"and at least {ENOUGH} are needed."
        )
    if loss["low"] > 0:
        return WORSE, "It expects the held-out stories less than the model in service does."
    if compliance["high"] < 0 and compliance["groups"] >= ENOUGH:
        return WORSE, "It keeps to the settings less than the model in service does."
    if drift["difference"] > MOST_DRIFT:
        return WORSE, "It has forgotten how the model in service writes."
    if loss["high"] < 0 and copies <= MOST_COPIES:
        return BETTER, f"It expects the held-out stories more. {_kept(compliance)}"
    if loss["high"] < 0:
        return NO_BETTER, "It copies stories that it was trained on."
    return NO_BETTER, "The held-out loss did not fall for sure."


def _kept(compliance: dict[str, float]) -> str:
    sure = compliance["low"] > 0 and compliance["groups"] >= ENOUGH
    return (
        f"It kept {compliance['after']:.0%} of the settings, the model in service "
        f"{compliance['before']:.0%}: {'more for sure' if sure else 'no sure difference'}."
    )


def paired(
    before: Sequence[float],
    after: Sequence[float],
    seed: int,
    groups: Sequence[Hashable] | None = None,
) -> dict[str, float]:
    """Return both means and their difference with its interval, by a paired bootstrap.

    Pairs of one group (by default, each is one) are drawn together: two stories of one prompt say
    less than two of two. Raises `StageError` for a value that is no number.
    """
    differences = [b - a for a, b in zip(before, after, strict=True)]
    if not all(map(math.isfinite, [*before, *after])):
        raise StageError("A measured value is no number: one of the two models is broken.")
    count = len(differences)
    if not count:
        return dict.fromkeys(("before", "after", "difference", "low", "high", "count", "groups"), 0)
    drawn: dict[Hashable, list[float]] = {}
    for key, value in zip(groups or range(count), differences, strict=True):
        drawn.setdefault(key, []).append(value)
    low, high = _interval([(sum(group), len(group)) for group in drawn.values()], seed)
    return {
        "before": sum(before) / count,
        "after": sum(after) / count,
        "difference": sum(differences) / count,
        "low": low,
        "high": high,
        "count": count,
        "groups": len(drawn),
    }


def _interval(groups: list[tuple[float, int]], seed: int) -> tuple[float, float]:
    """Return the interval of the mean over `groups` of (sum, count).

    The expanded percentile interval (Hesterberg, The American Statistician 69(4), 2015): the plain
    one is too narrow for few groups, as it has a normal's tails and not Student's, and the
    bootstrap's variance lacks the factor n / (n - 1).
    """
    rng = random.Random(seed)  # noqa: S311 - statistics, not secrets
    size = len(groups)
    means = []
    for _ in range(_RESAMPLES):
        sums, counts = zip(*rng.choices(groups, k=size), strict=True)
        means.append(sum(sums) / sum(counts))
    means.sort()
    if size == 1:
        return means[0], means[-1]
    reach = _student((1 + _CONFIDENCE) / 2, size - 1) * math.sqrt(size / (size - 1))
    tail = int(NormalDist().cdf(-reach) * _RESAMPLES)
    return means[tail], means[-tail - 1]


def _student(share: float, freedom: int) -> float:
    """Return the quantile of Student's t (Abramowitz and Stegun, 26.7.5).

    Exact to 0.001 from 7 degrees of freedom on, too small below.
    """
    z = NormalDist().inv_cdf(share)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _judged(row: Any, trained: list[similar.Shingles]) -> dict[str, Any]:
    settings = cast("prompts.PromptSettings", SimpleNamespace(**row["settings"]))
    found = report.story_report(row["text"], settings)
    checks = {
        "names": not found["characters_missing"],
        "keywords": not found["keywords_missing"],
        "length": 0 < found["words"] <= found["max_words"],
        "ending": found["whole_end"] and row["done_reason"] == "stop",
        "repetition": not found["repeated_sentences"],
    }
    copied = max(
        (similar.copied_share(row["text"], source, COPIED_SIZE) for source in trained), default=0.0
    )
    return {
        "model": row["model"],
        "prompt": row["prompt"],
        "genre": row["settings"]["genre"],
        "register": row["settings"]["register"],
        "seed": row["seed"],
        "text": row["text"],
        "report": found,
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
