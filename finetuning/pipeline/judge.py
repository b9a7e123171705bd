"""The verdict: losses, compliance and near-copies of both models, put together by a written rule.

With fewer than `ENOUGH` held-out prompts nothing can be told: *no better*. Otherwise *worse* when
the held-out loss rose for sure, or the settings are kept less for sure, or the model has forgotten
how to write (the loss of what the model in service writes rose by more than `MOST_DRIFT`).
Otherwise *better* when the held-out loss fell for sure and at most `MOST_COPIES` of the stories
copy one that was trained on. Otherwise *no better*. "For sure": the 95 % interval of a paired
bootstrap excludes zero.
"""

from typing import Any

from finetuning.pipeline.export import ENOUGH
from finetuning.pipeline.material import similar
from finetuning.pipeline.run_folder import SIDES, RunFolder, read_json, read_rows, write_json
from finetuning.pipeline.statistics import paired
from finetuning.pipeline.telling import log
from finetuning.recipes import Recipe
from prose import report, said
from prose.settings import Settings

BETTER, NO_BETTER, WORSE = "better", "no better", "worse"
MOST_DRIFT = 1.0  # nats a token
MOST_COPIES = 0.1  # share of the stories
# A story is a near-copy when this share of its eight-word sequences stands in one trained on.
COPIED_SHARE = 0.5
COPIED_SIZE = 8  # words


def judge(run: RunFolder, recipe: Recipe) -> None:
    """Write the evaluation. Raises `StageError`."""
    if run.manifest("evaluate") is not None:
        return
    losses = read_json(run.losses)
    held_out = read_rows(run.held_out)
    trained = [similar.shingles(row["text"], COPIED_SIZE) for row in read_rows(run.train)]
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


def verdict(scores: dict[str, Any]) -> tuple[str, str]:
    """Return the verdict by this module's rule, and the sentence that says why."""
    loss, compliance, drift = scores["loss"], scores["compliance"], scores["drift"]
    copies = scores["copies"]["candidate"] / scores["pairs"]
    if loss["groups"] < ENOUGH:
        return NO_BETTER, said(
            "Too few stories are held out to tell: they have %(prompts)s different prompts, "
            "and at least %(least)s are needed.",
            prompts=loss["groups"],
            least=ENOUGH,
        )
    if loss["low"] > 0:
        return WORSE, said("It expects the held-out stories less than the model in service does.")
    if compliance["high"] < 0 and compliance["groups"] >= ENOUGH:
        return WORSE, said("It keeps to the settings less than the model in service does.")
    if drift["difference"] > MOST_DRIFT:
        return WORSE, said("It has forgotten how the model in service writes.")
    if loss["high"] < 0 and copies <= MOST_COPIES:
        return BETTER, said(
            "It expects the held-out stories more. %(kept)s", kept=_kept(compliance)
        )
    if loss["high"] < 0:
        return NO_BETTER, said("It copies stories that it was trained on.")
    return NO_BETTER, said("The held-out loss did not fall for sure.")


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
    """Return of each check the share of the stories that pass it, among those that it is for."""
    kept: dict[str, list[bool]] = {}
    for story in stories:
        for name, passed in story["checks"].items():
            kept.setdefault(name, []).append(passed)
    return {name: sum(passed) / len(passed) for name, passed in kept.items()}
