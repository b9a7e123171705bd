"""Held-out rewrites: asked for as the app does, and whether they did what was asked.

A file has one rewrite a line: `prompt` and `text` of the story, `start` and `end` of the passage
(code points), what was asked (`mode`, `register`, `instruction`), and an editor's `replacement`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from pocket.measuring.asking import Answer, Asked
from pocket.measuring.checks import cleaned
from pocket.measuring.record import Desk
from prose import (
    cleaning,
    overlap,
    passage,
    prompts,
    replacement,
    sentences,
    splice,
    wishes,
)

# As the app has them, which this room may not import; a test compares the two.
_LEAST_STOP, _MOST_STOP = 12, 48  # characters
_ATTEMPTS = 3  # an answer that says nothing new, or not what was asked, is asked for again
_VOID = {"nothing written", "the same as before"}

_WHOLE_START = re.compile(r"[\"“‘'«„(¿¡]*[^\Wa-z_]")
_LONG_SENTENCE = 20  # characters; shorter ones may well be said twice


class Rewrite(TypedDict):
    """A passage of a story, and what an editor made of it."""

    prompt: str
    text: str
    start: int
    end: int
    mode: str
    register: str
    instruction: str
    replacement: str


class RewriteFileError(Exception):
    """The file holds no rewrites; the message is one sentence."""


@dataclass(frozen=True)
class Rewritten:
    """What the app makes of an answer."""

    core: str  # the new text itself
    text: str  # the whole story
    faults: tuple[str, ...]  # at the seams
    outside_same: bool


def read(path: Path) -> list[Rewrite]:
    """Return the rewrites of a file. Raises `RewriteFileError`."""
    found: list[Rewrite] = []
    try:
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found.append(Rewrite(**{name: row[name] for name in Rewrite.__annotations__}))  # type: ignore[typeddict-item]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RewriteFileError(f"{path} is no file of rewrites.") from error
    if any(prompts.read_prompt(each["prompt"]) is None for each in found):
        raise RewriteFileError(f"{path} has a prompt that is not worded as ours.")
    return found


def _most(rewrite: Rewrite, part: passage.Passage) -> int:
    return wishes.most_words(part, rewrite["mode"], asked=bool(rewrite["instruction"]))


def asked_for(rewrite: Rewrite, seed: int) -> Asked:
    """Return the request; the story up to the passage is the beginning of the answer."""
    settings = prompts.read_prompt(rewrite["prompt"])
    if settings is None:
        raise RewriteFileError(f"no prompt of ours: {rewrite['prompt'][:80]}")
    part = _part(rewrite)
    before, after = (cleaning.clean_text(text).strip() for text in (part.left, part.right))
    wish = prompts.rewrite_wish(
        rewrite["mode"], rewrite["register"], rewrite["instruction"], part.core
    )
    most = _most(rewrite, part)
    following = after[:_MOST_STOP]
    if len(following) == _MOST_STOP and " " in following:
        following = following.rpartition(" ")[0]
    can_stop = part.ends_sentence and len(following) >= _LEAST_STOP
    return Asked(
        prompt=prompts.rewrite_prompt(settings, before, after) + wish,
        prefill=before,
        num_predict=prompts.token_limit(most, part.core),
        seed=seed,
        most_words=most,
        stop=(*([following] if can_stop else []), *([prompts.PASSAGE_NOW.strip()] if wish else [])),
    )


def rewritten(rewrite: Rewrite, answer: Answer) -> Rewritten:
    """Return what the app puts in the place of the passage, and what is wrong with that."""
    part = _part(rewrite)
    most = _most(rewrite, part)
    inside = not part.ends_sentence
    lookout = overlap.Lookout(overlap.opening(part.right, inside_sentence=inside))
    told = lookout.feed(cleaned(answer.text, part.core))
    told += lookout.rest()
    # The app stops where enough is said.
    goal = sentences.Goal(10**9 if inside else wishes.enough_words(most))
    kept = goal.cut(told)
    reached = lookout.ended or answer.ended
    cut_short = not (reached or goal.reached)
    keeps_quotes = rewrite["mode"] == "dialogue"
    new = replacement.fitted(kept, part, most, cut_short=cut_short, keeps_quotes=keeps_quotes)
    text = splice.splice(rewrite["text"], rewrite["start"], rewrite["end"], new)
    outside = splice.hashes(rewrite["text"], rewrite["start"], rewrite["end"])
    core = new.removeprefix(part.head).removesuffix(part.tail)
    return Rewritten(
        core=core,
        text=text,
        faults=tuple(_faults(core, part, reached=reached)),
        outside_same=outside == splice.hashes(text, rewrite["start"], rewrite["start"] + len(new)),
    )


def _faults(core: str, part: passage.Passage, *, reached: bool) -> list[str]:
    if not core.strip():
        return ["nothing written"]
    faults = []
    if core.split() == part.core.split():
        faults.append("the same as before")
    if not reached:
        faults.append("the text after it is not reached")
    if part.starts_sentence and not _WHOLE_START.match(core):
        faults.append("no whole sentence at the start")
    if sentences.ends_sentence(part.core) and not sentences.ends_sentence(core):
        faults.append("no whole sentence at the end")
    if _long_ones(core) & (_long_ones(part.left) | _long_ones(part.right)):
        faults.append("a sentence of the surroundings again")
    return faults


def _long_ones(text: str) -> set[str]:
    told = (text[start:end].casefold() for start, end in sentences.sentences(text))
    return {sentence for sentence in told if len(sentence) >= _LONG_SENTENCE}


def obeys(rewrite: Rewrite, core: str) -> bool | None:
    """Tell whether `core` did what can be counted of what was asked; None where nothing can be."""
    return wishes.are_kept(rewrite["mode"], _part(rewrite), core)


def measure(desk: Desk, rewrites: Sequence[Rewrite], seed: int) -> list[dict[str, Any]]:
    """Return a row for each of `rewrites`: what was asked, what came and what is wrong with it.

    What says nothing new, or not what was asked, is asked for again, as the app does. Raises
    `AskingError`.
    """
    done: dict[int, tuple[Answer, Rewritten]] = {}
    waiting = list(range(len(rewrites)))
    for attempt in range(_ATTEMPTS):
        asked = [asked_for(rewrites[place], seed + attempt) for place in waiting]
        waiting, before = [], waiting
        for place, answer in zip(before, desk.answers(asked, "rewrites"), strict=True):
            new = rewritten(rewrites[place], answer)
            is_void = not _VOID.isdisjoint(new.faults)
            if place not in done or not is_void:
                done[place] = answer, new
            ignored = obeys(rewrites[place], new.core) is False
            if is_void or (ignored and _part(rewrites[place]).ends_sentence):
                waiting.append(place)
    return [_row(each, seed, *done[place]) for place, each in enumerate(rewrites)]


def _row(rewrite: Rewrite, seed: int, answer: Answer, new: Rewritten) -> dict[str, Any]:
    part = _part(rewrite)
    return {
        "mode": rewrite["mode"],
        "register": rewrite["register"],
        "instruction": rewrite["instruction"],
        "seed": seed,
        "before": part.left,
        "passage": part.core,
        "after": part.right,
        "answer": answer.text,
        "replacement": new.core,
        "faults": list(new.faults),
        "outside_same": new.outside_same,
        "obeys": obeys(rewrite, new.core),
    }


def for_readers(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rewrites whose wish nothing counts, for a person to judge."""
    parts = []
    for number, row in enumerate((row for row in rows if row["obeys"] is None), 1):
        wish = row["instruction"] or f"{row['mode']} {row['register']}".strip()
        parts.append(f"{number}. {wish}\n\nwas: {row['passage']}\n\nis: {row['replacement']}\n")
    return "\n".join(parts)


def _part(rewrite: Rewrite) -> passage.Passage:
    return passage.cut(rewrite["text"], rewrite["start"], rewrite["end"])
