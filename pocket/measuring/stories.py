"""The stories that a model is asked for, and what is counted of them."""

import statistics
from collections.abc import Sequence
from typing import Any

from pocket.measuring.asking import Asked, ModelServer
from pocket.measuring.checks import checked, cleaned, shown
from pocket.measuring.diversity import diversity
from pocket.measuring.held_out import Letter
from pocket.measuring.intervals import Share, shared
from pocket.measuring.record import Desk
from prose import prompts
from prose.settings import Settings

_CHECKS = ("names", "keywords", "ends", "within", "ending", "all_five")
SCRIPTS = ("plain", "marked", "cyrillic", "greek")


def asked_for(settings: Settings, seed: int) -> Asked:
    """Return the request for a story."""
    return Asked(
        prompt=prompts.story_prompt(settings),
        prefill="",
        num_predict=prompts.token_limit(settings.max_words, language=settings.language),
        seed=seed,
        most_words=settings.max_words,
    )


def measure(
    desk: Desk, chosen: Sequence[Settings], seeds: Sequence[int], kind: str = "stories"
) -> list[dict[str, Any]]:
    """Return a row for each story, those of a seed together: unedited, with its checks.

    Raises `AskingError`.
    """
    wanted = [(number, settings, seed) for seed in seeds for number, settings in enumerate(chosen)]
    answers = desk.answers([asked_for(settings, seed) for _, settings, seed in wanted], kind)
    rows = []
    for (number, settings, seed), answer in zip(wanted, answers, strict=True):
        text = cleaned(answer.text)
        rows.append(
            {
                "number": number,
                "seed": seed,
                "settings": settings.to_dict(),
                "answer": answer.text,
                "ended": answer.ended,
                "shown": shown(text, settings, ended=answer.ended),
                "checks": checked(text, settings, ended=answer.ended),
            }
        )
    return rows


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the shares over all stories; names and keywords count where there are any.

    The stories of a seed are compared among themselves.
    """
    found: dict[str, Any] = {}
    for check in _CHECKS:
        field = {"names": "main_characters", "keywords": "keywords"}.get(check)
        counted = [row for row in rows if field is None or row["settings"][field]]
        found[check] = _share(counted, check)
    found["repeated"] = _share(rows, "unrepeated", wanted=False)
    seeds = sorted({row["seed"] for row in rows})
    sets = [diversity([row["shown"] for row in rows if row["seed"] == seed]) for seed in seeds]
    told = [each for each in sets if each is not None]
    if told:
        found |= {
            "distinct_4grams": statistics.mean(each["distinct_4grams"] for each in told),
            "words": min(each["words"] for each in told),
            "openings_twice": statistics.mean(each["openings_twice"] for each in told),
            "nearest": statistics.mean(each["nearest"] for each in told),
        }
    return found


def _share(rows: Sequence[dict[str, Any]], check: str, *, wanted: bool = True) -> Share | None:
    groups: dict[int, list[bool]] = {}
    for row in rows:
        groups.setdefault(row["number"], []).append(row["checks"][check] is wanted)
    return shared(list(groups.values()))


def letter_figures(letters: Sequence[Letter], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return how many names are there, of all letters and of each script, and which are not.

    `rows` may have several seeds' rows for each of `letters`.
    """
    found: dict[str, Any] = {"letters": _share(rows, "names")}
    for script in SCRIPTS:
        of_script = [row for row in rows if letters[row["number"]].script == script]
        found[f"letters_{script}"] = _share(of_script, "names")
    missing = [letters[row["number"]].letter for row in rows if not row["checks"]["names"]]
    return {**found, "letters_missing": "".join(dict.fromkeys(missing))}


def timed(server: ModelServer, chosen: Sequence[Settings]) -> dict[str, float]:
    """Return the medians of the first word and the speed, asked one at a time to the end.

    Raises `AskingError`.
    """
    answers = [server.ask(asked_for(settings, 0), to_the_end=True) for settings in chosen]
    if not answers:
        return {}
    return {
        "first_word_ms": 1000 * statistics.median(answer.first_word for answer in answers),
        "tokens_per_second": statistics.median(answer.tokens_per_second for answer in answers),
    }
