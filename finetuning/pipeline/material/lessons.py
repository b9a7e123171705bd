"""What a base was taught by us: its stories and rewrites, kept to be learned again beside new ones.

A folder holds `stories.csv` (`Prompt,Story`) and files of a JSON object a line: `rewrites.jsonl`
and, where there are any, `continuations.jsonl`, of stories that have ended. What stands in them is
told by `Rewrite` and `Continuation`.
"""

import hashlib
import json
from collections.abc import Iterator, Set
from pathlib import Path
from typing import TypedDict

from finetuning.pipeline.material import datastories
from finetuning.pipeline.run_folder import Row, read_rows
from prose import passage, prompts, sentences

STORIES, REWRITES = "stories.csv", "rewrites.jsonl"
CONTINUATIONS = "continuations.jsonl"


class Rewrite(TypedDict):
    """A passage of a story, from code point `start` to `end`, and what an editor made of it."""

    prompt: str
    text: str
    start: int
    end: int
    mode: str  # as `prose.prompts.rewrite_wish` knows them; "rewrite" asks for nothing more
    register: str
    instruction: str
    replacement: str


class Continuation(TypedDict):
    """A story that has ended, and how it goes on all the same."""

    prompt: str
    text: str
    continuation: str


def stories(folder: Path) -> Iterator[Row]:
    """Yield the stories of `folder` as rows to learn from."""
    for entry in datastories.read_csv((folder / STORIES).read_bytes()):
        yield _row(entry.prompt, entry.story)


def rewrites(folder: Path) -> Iterator[Rewrite]:
    """Yield the rewrites of `folder`."""
    yield from read_rows(folder / REWRITES)


def continuations(folder: Path) -> Iterator[Continuation]:
    """Yield the continuations of `folder`, which may have none."""
    if (folder / CONTINUATIONS).exists():
        yield from read_rows(folder / CONTINUATIONS)


def continuation_row(one: Continuation) -> Row:
    """Return `one` as it is asked for when a story was whole to the model: by a new paragraph."""
    given = f"{one['text']}\n\n"
    row = _row(one["prompt"], given + one["continuation"])
    return {**row, "given": len(given)}


def rewrite_row(rewrite: Rewrite) -> Row:
    """Return `rewrite` as it is asked for and answered: the story up to the passage is given.

    Where the story goes on, the answer does so for a sentence and has no end: that is where the
    writing is stopped. Raises `ValueError` for a prompt that is not worded as ours.
    """
    settings = prompts.read_prompt(rewrite["prompt"])
    if settings is None:
        raise ValueError(f"no prompt of ours: {rewrite['prompt'][:80]}")
    part = passage.cut(rewrite["text"], rewrite["start"], rewrite["end"])
    before, after = part.left.strip(), part.right.strip()
    wish = prompts.rewrite_wish(
        rewrite["mode"], rewrite["register"], rewrite["instruction"], part.core
    )
    asked = prompts.rewrite_prompt(settings, before, after) + wish
    begun = before + part.left[len(part.left.rstrip()) :]
    gap = part.right[: len(part.right) - len(part.right.lstrip())]
    row = _row(asked, begun.lstrip() + rewrite["replacement"] + gap + _first_sentence(after))
    return {**row, "given": len(before), "is_open": bool(after)}


def replayed(folder: Path, learned: Set[str], held_out: Set[str], count: int) -> list[Row]:
    """Return up to `count` lessons of `folder`, whose choice depends on nothing but their text.

    Left out are the stories whose texts are `learned` anyway, and all of those `held_out`.
    """
    rows = [row for row in stories(folder) if row["text"] not in learned | held_out]
    rows += [rewrite_row(one) for one in rewrites(folder) if one["text"] not in held_out]
    rows += [continuation_row(one) for one in continuations(folder) if one["text"] not in held_out]
    return sorted(rows, key=_order)[:count]


def _row(prompt: str, text: str) -> Row:
    return Row(story=0, version=0, prompt=prompt, text=text, settings={})


def _first_sentence(text: str) -> str:
    _, end = next(iter(sentences.sentences(text)), (0, 0))
    return text[:end]


def _order(row: Row) -> str:
    key = json.dumps([row["prompt"], row["text"]], ensure_ascii=False)
    return hashlib.sha256(key.encode()).hexdigest()
