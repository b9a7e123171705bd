"""The verdict: losses, compliance and near-copies of both models, put together by a written rule.

With fewer than `ENOUGH` held-out prompts nothing can be told: *no better*. Otherwise *worse* when
the held-out loss rose for sure, or the settings are kept less for sure, or the model has forgotten
how to write (the loss of what the model in service writes rose by more than `MOST_DRIFT`).
Otherwise *better* when the held-out loss fell for sure, or the held-out preferences are met more
for sure, on the whole and by more than half of them, and at most `MOST_COPIES` of the stories copy
one that was trained on. Otherwise *no better*. "For sure": the 95 % interval of a paired bootstrap
excludes zero.

Preferences pull a model away from what is likely, and towards saying the same: where they were
learned, the held-out loss may rise by `MOST_LOSS`, and stories that are more alike for sure, with a
self-BLEU up by more than `MOST_ALIKE` of what it was, are *no better*. How far a preference is met:
how much more likely, in nats, the preferred text is than the other one; or of one text that was
approved or rejected, how likely it is, a token.
"""

from typing import Any

from finetuning.pipeline.export import ENOUGH
from finetuning.pipeline.material import diversity, similar
from finetuning.pipeline.run_folder import SIDES, RunFolder, read_json, read_rows, write_json
from finetuning.pipeline.statistics import paired
from finetuning.pipeline.telling import log
from finetuning.recipes import Recipe
from prose import report, said
from prose.settings import Settings

BETTER, NO_BETTER, WORSE = "better", "no better", "worse"
MOST_DRIFT = 1.0  # nats a token
MOST_COPIES = 0.1  # share of the stories
MOST_LOSS = 0.1  # nats a token
MOST_ALIKE = 0.05  # share of the self-BLEU before


def judge(run: RunFolder, recipe: Recipe) -> None:
    """Write the evaluation. Raises `StageError`."""
    if run.manifest("evaluate") is not None:
        return
    losses = read_json(run.losses)
    held_out = read_rows(run.held_out)
    trained = [similar.shingles(row["text"], similar.COPIED_SIZE) for row in read_rows(run.train)]
    sides = {
        side: [_judged(row, trained) for row in read_rows(run.written(side))] for side in SIDES
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
        **_preferences(losses.get("preferences", []), recipe),
        "alike": _alike(sides, recipe),
        "distinct": {
            side: diversity.distinct([story["text"] for story in sides[side]]) for side in SIDES
        },
        "checks": {side: _checks(sides[side]) for side in SIDES},
        "copies": {side: sum(story["copied"] for story in sides[side]) for side in SIDES},
        "pairs": recipe.pairs,
    }
    scores["verdict"], scores["reason"] = verdict(scores)
    stories = [
        {"service": service, "candidate": candidate}
        for service, candidate in zip(sides["service"], sides["candidate"], strict=True)
    ]
    write_json(run.pairs, stories)
    log(f"Verdict: {scores['verdict']}. {scores['reason']}")
    run.complete("evaluate", scores)


def _preferences(held_out: list[Any], recipe: Recipe) -> dict[str, Any]:
    """Return how far the held-out preferences are met by both, if any were learned."""
    if not held_out:
        return {}
    before, after = ([one[side] for one in held_out] for side in ("before", "after"))
    prompts = [one["group"] for one in held_out]
    # A few pairs can carry a mean: of labels at random, too.
    met = [(a > b) + (a == b) / 2 for b, a in zip(before, after, strict=True)]
    share = paired([1 / 2] * len(met), met, recipe.seed, prompts)
    return {"preferences": {**paired(before, after, recipe.seed, prompts), "share": share}}


def _alike(sides: dict[str, list[dict[str, Any]]], recipe: Recipe) -> dict[str, float]:
    """Return the self-BLEU of both models' stories."""
    before, after = (
        diversity.self_bleu([story["text"] for story in sides[side]])
        for side in ("service", "candidate")
    )
    return paired(before, after, recipe.seed, [story["prompt"] for story in sides["service"]])


def verdict(scores: dict[str, Any]) -> tuple[str, str]:
    """Return the verdict by this module's rule, and the sentence that says why."""
    loss, preferences = scores["loss"], scores.get("preferences")
    if loss["groups"] < ENOUGH:
        return NO_BETTER, said(
            "Too few stories are held out to tell: they have %(prompts)s different prompts, and "
            "at least %(least)s are needed.",
            prompts=loss["groups"],
            least=ENOUGH,
        )
    if reason := _worse(scores):
        return WORSE, reason
    met = preferences is not None and _is_met(preferences)
    if not met and not loss["high"] < 0:
        return NO_BETTER, _nothing(preferences)
    if scores["copies"]["candidate"] / scores["pairs"] > MOST_COPIES:
        return NO_BETTER, said("It copies stories that it was trained on.")
    if preferences and _is_alike(scores["alike"]):
        return NO_BETTER, said("Its stories are more alike than those of the model in service.")
    return BETTER, _gained(_kept(scores["compliance"]), loss=loss["high"] < 0, met=met)


def _nothing(preferences: dict[str, Any] | None) -> str:
    """Return why a model that gained nothing is no better."""
    if preferences:
        return said(
            "Neither did the held-out loss fall for sure, nor are the held-out preferences met "
            "more."
        )
    return said("The held-out loss did not fall for sure.")


def _gained(kept: str, *, loss: bool, met: bool) -> str:
    """Return what a better model gained: on held-out stories, on held-out preferences."""
    if loss and met:
        return said(
            "It expects the held-out stories more. It meets preferences more that it was not "
            "trained on. %(kept)s",
            kept=kept,
        )
    if met:
        return said(
            "It meets preferences more that it was not trained on. %(kept)s",
            kept=kept,
        )
    return said("It expects the held-out stories more. %(kept)s", kept=kept)


def _worse(scores: dict[str, Any]) -> str:
    """Return why the model is worse, or nothing."""
    loss, compliance, drift = scores["loss"], scores["compliance"], scores["drift"]
    if loss["low"] > (MOST_LOSS if scores.get("preferences") else 0):
        return said("It expects the held-out stories less than the model in service does.")
    if compliance["high"] < 0 and compliance["groups"] >= ENOUGH:
        return said("It keeps to the settings less than the model in service does.")
    if drift["difference"] > MOST_DRIFT:
        return said("It has forgotten how the model in service writes.")
    return ""


def _is_met(preferences: dict[str, Any]) -> bool:
    least = min(preferences["low"], preferences["share"]["low"])
    return bool(least > 0 and preferences["groups"] >= ENOUGH)


def _is_alike(alike: dict[str, float]) -> bool:
    return alike["groups"] >= ENOUGH and alike["low"] > MOST_ALIKE * alike["before"]


def _kept(compliance: dict[str, float]) -> str:
    shares = {side: f"{compliance[side]:.0%}" for side in ("after", "before")}
    if compliance["low"] > 0 and compliance["groups"] >= ENOUGH:
        return said(
            "It kept %(after)s of the settings, the model in service %(before)s: more for sure.",
            **shares,
        )
    return said(
        "It kept %(after)s of the settings, the model in service %(before)s: no sure difference.",
        **shares,
    )


def _judged(row: Any, trained: list[similar.Shingles]) -> dict[str, Any]:
    asked = Settings.from_dict(row["settings"])
    found = report.story_report(row["text"], asked)
    checks = {
        # Nobody keeps to, or misses, what was not asked for.
        **({"names": not found["characters_missing"]} if asked.character_list else {}),
        **({"keywords": not found["keywords_missing"]} if asked.keyword_list else {}),
        **({"language": found["in_language"]} if asked.language else {}),
        "length": 0 < found["words"] <= found["max_words"],
        "ending": found["whole_end"] and row["done_reason"] == "stop",
        "repetition": not found["repeated_sentences"],
    }
    copied = max(
        (similar.copied_share(row["text"], source, similar.COPIED_SIZE) for source in trained),
        default=0.0,
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
        "copied": bool(row["text"]) and copied >= similar.COPIED_SHARE,
    }


def _checks(stories: list[dict[str, Any]]) -> dict[str, float]:
    """Return of each check the share of the stories that pass it, among those that it is for."""
    kept: dict[str, list[bool]] = {}
    for story in stories:
        for name, passed in story["checks"].items():
            kept.setdefault(name, []).append(passed)
    return {name: sum(passed) / len(passed) for name, passed in kept.items()}
