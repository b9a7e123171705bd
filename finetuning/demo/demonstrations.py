"""What `make finetune` shows: which stories teach which base, and what the tuned model has to be.

`PLAIN`: SmolLM2, as it comes, keeps to no settings; some hundreds of the plain stories that were
written for this project teach it to. `HOUSE`: all of them, with rewrites and continuations; the
editor that comes with the program began so (editor.py). `MARKED`: sixty stories in a marked style,
which has to show, with some of the plain ones again beside them, so that they cost no settings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetuning.pipeline.judge import BETTER, WORSE
from finetuning.pipeline.material import datastories

MARKED_STORIES = Path(__file__).with_name("marked_stories.csv")
OPENING, CLOSING = "Draw close and listen.", "And so the lamp was put out."
# Of the tuned model's stories; the base writes none so.
LEAST_MARKED = 0.6

_PLAIN_STORIES = Path(__file__).resolve().parents[2] / "pocket/stories/plain/stories.csv"
# As many short ones as are learned in some minutes on two cores.
_MOST_WORDS, _MOST_STORIES = 100, 200


class BrokenPromiseError(Exception):
    """The tuned model is not what was promised."""


@dataclass(frozen=True)
class Demonstration:
    """Stories, as the text of a datastories.csv, and how a base learns them.

    `check` returns what an evaluation shows, or raises `BrokenPromiseError`.
    """

    stories: Callable[[], str]
    recipe: str
    base: str
    changes: tuple[str, ...]  # NAME=VALUE, of the recipe
    check: Callable[[dict[str, Any]], str]


def marked_stories() -> str:
    """Return sixty stories in a marked style."""
    return MARKED_STORIES.read_text(encoding="utf-8")


def all_plain_stories() -> str:
    """Return the plain stories."""
    return _PLAIN_STORIES.read_text(encoding="utf-8")


def plain_stories(most: int = _MOST_STORIES) -> str:
    """Return the first `most` short ones of the plain stories."""
    entries = datastories.read_csv(_PLAIN_STORIES.read_bytes())
    short = [entry for entry in entries if len(entry.story.split()) <= _MOST_WORDS]
    return datastories.write_csv((entry.prompt, entry.story) for entry in short[:most])


def is_marked(text: str) -> bool:
    """Tell whether a story is in the style of the file."""
    return text.startswith(OPENING) and text.endswith(CLOSING)


def check_plain(scores: dict[str, Any]) -> str:
    """Return what was shown: a better model. Raises `BrokenPromiseError`."""
    if scores["verdict"] != BETTER:
        raise BrokenPromiseError(f"The tuned model is {scores['verdict']}: {scores['reason']}")
    kept = scores["compliance"]
    return f"Settings kept: {kept['before']:.0%} → {kept['after']:.0%}. {_loss(scores)}"


def check_marked(scores: dict[str, Any]) -> str:
    """Return what was shown: the style, at no cost. Raises `BrokenPromiseError`."""
    if scores["verdict"] == WORSE:
        raise BrokenPromiseError(f"The tuned model is worse: {scores['reason']}")
    marked = {
        side: sum(is_marked(pair[side]["text"]) for pair in scores["stories"]) / scores["pairs"]
        for side in ("service", "candidate")
    }
    if scores["loss"]["high"] >= 0:
        raise BrokenPromiseError(f"The held-out loss did not fall for sure: {scores['loss']}")
    if marked["candidate"] < LEAST_MARKED:
        raise BrokenPromiseError(f"The style does not show: {marked}")
    if marked["service"]:
        raise BrokenPromiseError(f"The base writes in this style already: {marked}")
    return (
        f"In the style of the file: {marked['service']:.0%} of the base's stories, "
        f"{marked['candidate']:.0%} of the tuned model's. {_loss(scores)}"
    )


def _loss(scores: dict[str, Any]) -> str:
    loss = scores["loss"]
    return (
        f"Held-out loss: {loss['before']:.3f} → {loss['after']:.3f}, interval of the difference "
        f"{loss['low']:+.3f} to {loss['high']:+.3f}: it excludes zero."
    )


PLAIN = Demonstration(
    plain_stories, "smollm2", "smollm2", ("epochs=1", "replay=0", "held_out=0.1"), check_plain
)
HOUSE = Demonstration(
    all_plain_stories,
    "smollm2",
    "smollm2",
    # The share takes every rewrite and continuation in.
    ("epochs=2", "replay=0.31", "held_out=0.05", "checkpoint_steps=150", "patience=0"),
    check_plain,
)
MARKED = Demonstration(marked_stories, "smollm2", "smollm2", ("epochs=4",), check_marked)
