"""Approved stories into training data: cleaned, without duplicates, split, hashed.

Reads `stories.jsonl` (rows of `Row`, with `taught` and `tested` for stories that the model in
service was trained or tested on) and writes `datastories.csv`, `train.jsonl`, `held-out.jsonl`.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetuning.pipeline.material import datastories, lessons, similar
from finetuning.pipeline.run_folder import Row, RunFolder, read_rows, write_rows, write_text
from finetuning.pipeline.telling import StageError, log
from finetuning.recipes import Recipe
from prose import said, words

# Jaccard similarity of three-word sequences: from here on one of the two is left out.
NEAR_DUPLICATE = 0.8
# Share of the shorter one's sequences: from here on both go to the same side of the split.
RELATED = 0.4
_LEAST_HELD_OUT = 2
# With fewer held out, the evaluation can't tell better from worse.
ENOUGH = 8


@dataclass
class _Dropped:
    empty: list[int] = field(default_factory=list)
    too_long: list[int] = field(default_factory=list)
    duplicate: list[int] = field(default_factory=list)
    near_duplicate: list[int] = field(default_factory=list)


def export(run: RunFolder, recipe: Recipe) -> None:
    """Run the stage. Raises `StageError` when there are too few stories to hold any out."""
    if run.manifest("export") is not None:
        return
    rows = read_rows(run.stories)
    if not rows:
        raise StageError(said("There are no approved stories to learn from."))
    dropped = _Dropped()
    kept = _distinct(_usable(rows, recipe, dropped), dropped)
    missing = recipe.least_stories - len(kept)
    if missing > 0:
        raise StageError(
            said(
                "%(different)s can be used; the recipe asks for %(least)s, so that some can be "
                "held out: %(more)s needed.",
                different=_different(len(kept)),
                least=recipe.least_stories,
                more=_more(missing),
            )
        )
    train, held_out = split(kept, recipe)
    again = replayed(train, held_out, recipe)
    run.made("export")
    write_text(run.csv, datastories.write_csv((row["prompt"], row["text"]) for row in kept))
    write_rows(run.train, [*train, *again])
    write_rows(run.held_out, held_out)
    facts = {
        "approved": len(rows),
        "train": len(train),
        "held_out": len(held_out),
        "replayed": len(again),
        "words": sum(words.count(row["text"]) for row in kept),
        "dropped": dropped.__dict__,
        "hash": content_hash(train, held_out),
    }
    log(f"{len(train)} stories to learn from, {len(held_out)} held out.")
    if gone := sum(map(len, dropped.__dict__.values())):
        log(f"{gone} left out: {_list(dropped)}.")
    run.complete("export", facts)


def replayed(train: list[Row], held_out: list[Row], recipe: Recipe) -> list[Row]:
    """Return what is learned again of the base's own lessons, so that it isn't forgotten."""
    if not (recipe.lessons and recipe.replay):
        return []
    learned, tested = ({row["text"] for row in rows} for rows in (train, held_out))
    count = round(recipe.replay / (1 - recipe.replay) * len(train))
    return lessons.replayed(Path(recipe.lessons), learned, tested, count)


def _different(count: int) -> str:
    if count == 1:
        return said("1 different approved story")
    return said("%(count)s different approved stories", count=count)


def _more(count: int) -> str:
    return said("1 more is") if count == 1 else said("%(count)s more are", count=count)


def _stories(count: int) -> str:
    return "story" if count == 1 else "stories"


def _list(dropped: _Dropped) -> str:
    return ", ".join(
        f"{len(found)} {name.replace('_', ' ')}"
        for name, found in dropped.__dict__.items()
        if found
    )


def _usable(rows: Sequence[Any], recipe: Recipe, dropped: _Dropped) -> list[Any]:
    usable = []
    for row in rows:
        length = words.count(row["text"])
        if not row["text"].strip():
            dropped.empty.append(row["story"])
        elif length > recipe.max_words:
            dropped.too_long.append(row["story"])
        else:
            usable.append({**row, "text": row["text"].strip()})
    return usable


def _distinct(rows: list[Any], dropped: _Dropped) -> list[Any]:
    """Return `rows` without those that repeat an earlier one."""
    texts = [" ".join(row["text"].lower().split()) for row in rows]
    first = {text: index for index, text in reversed(list(enumerate(texts)))}
    exact = {index for index, text in enumerate(texts) if first[text] != index}
    near: set[int] = set()
    for earlier, later, _ in similar.pairs(texts, NEAR_DUPLICATE):
        if later not in exact and earlier not in near:
            near.add(later)
    dropped.duplicate += [rows[index]["story"] for index in sorted(exact)]
    dropped.near_duplicate += [rows[index]["story"] for index in sorted(near)]
    gone = exact | near
    return [row for index, row in enumerate(rows) if index not in gone]


def split(rows: Sequence[Any], recipe: Recipe) -> tuple[list[Row], list[Row]]:
    """Return (train, held-out), so that no prompt and no related story is on both sides.

    The order that decides is that of the groups' hashes, so that a story mostly stays on its side
    from run to run. What the model in service was trained on is never held out, or that model
    would be judged on what it knows; what it was tested on comes first.
    """
    related = similar.pairs([row["text"] for row in rows], RELATED, contained=True)
    together = [(one, other) for one, other, _ in related]
    prompts: dict[str, int] = {}
    for index, row in enumerate(rows):
        together.append((prompts.setdefault(row["prompt"], index), index))
    members: dict[int, list[Any]] = {}
    for row, root in zip(rows, similar.groups(len(rows), together), strict=True):
        members.setdefault(root, []).append(row)
    # Of a small number, more than the recipe's share, so that the verdict can mean something.
    enough = min(ENOUGH, len(rows) // 2)
    wanted = max(_LEAST_HELD_OUT, enough, math.ceil(recipe.held_out * len(rows)))
    held_out: list[Any] = []
    most = len(rows) - wanted
    for group in sorted(members.values(), key=_order):
        free = not any(row.get("taught") for row in group)
        if free and len(held_out) < wanted and len(group) <= max(wanted, most // 2):
            held_out += group
    chosen = {id(row) for row in held_out}
    train = [row for row in rows if id(row) not in chosen]
    if len(held_out) < _LEAST_HELD_OUT or not train:
        raise StageError(
            said(
                "The stories are too much alike, or the model in service was trained on all of "
                "them: only %(held_out)s can be held out and at least %(least_held_out)s are "
                "needed.",
                held_out=len(held_out),
                least_held_out=_LEAST_HELD_OUT,
            )
        )
    return [_plain(row) for row in train], [_plain(row) for row in held_out]


def _order(group: list[Any]) -> tuple[bool, str]:
    tested = any(row.get("tested") for row in group)
    key = min(row["prompt"] for row in group)
    return not tested, hashlib.sha256(key.encode()).hexdigest()


def _plain(row: Any) -> Row:
    return Row(
        story=row["story"],
        version=row["version"],
        prompt=row["prompt"],
        text=row["text"],
        settings=row["settings"],
    )


def content_hash(train: Sequence[Row], held_out: Sequence[Row]) -> str:
    """Return the SHA-256 of what is learned and what is held out, whatever their order."""
    lines = sorted(
        json.dumps([side, row["prompt"], row["text"]], ensure_ascii=False)
        for side, rows in (("train", train), ("held-out", held_out))
        for row in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
