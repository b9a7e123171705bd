"""What people preferred, as it is learned from: which choices say something, and which are kept.

Left out, by this rule, is a choice of two texts that says little:

- *empty*: one of them holds nothing;
- *too long*: one of them is longer than the recipe's longest story;
- *alike*: they share `export.NEAR_DUPLICATE` of their three-word sequences or more;
- *only longer*: `CONTAINED` or more of the shorter one's sequences stand in the longer one, so that
  one is the other with something added or cut off;
- *contradicted*: the same two texts were preferred the other way round, too. Votes are summed up
  before (`finetuning.services.choosing`): ties, and answers that turn with the order of the texts,
  are no choices;
- *repeated*: the same choice stands there already.
"""

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NotRequired, TypedDict

from finetuning.pipeline.export import ENOUGH, NEAR_DUPLICATE
from finetuning.pipeline.material import similar
from finetuning.pipeline.material.similar import COPIED_SHARE, COPIED_SIZE
from finetuning.pipeline.run_folder import Row
from prose import words

CONTAINED = 0.9
_SIZE = 3  # words of a sequence


class Choice(TypedDict):
    """One text that was preferred to another one, to the same prompt.

    `key` names where it is kept, and `story` the story that it belongs to, 0 for none. Where the
    answer was begun for the model, `given` is that beginning; what `is_open` goes on after it.
    """

    key: str
    story: int
    prompt: str
    chosen: str
    rejected: str
    given: NotRequired[str]
    is_open: NotRequired[bool]


class Mark(TypedDict):
    """One story that a curator approved, or rejected."""

    key: str
    story: int
    prompt: str
    text: str
    good: bool


def telling(choices: Iterable[Choice], most_words: int) -> tuple[list[Choice], dict[str, int]]:
    """Return the choices that say something, and how many were left out for which reason."""
    found = list(choices)
    decided = {_pair(one) for one in found}
    seen: set[Hashable] = set()
    kept: list[Choice] = []
    dropped: dict[str, int] = {}
    for one in found:
        reason = _says_little(one, most_words)
        if not reason and _pair(one, turned=True) in decided:
            reason = "contradicted"
        if not reason and _pair(one) in seen:
            reason = "repeated"
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            seen.add(_pair(one))
            kept.append(one)
    return kept, dropped


def usable(marks: Iterable[Mark], most_words: int) -> tuple[list[Mark], dict[str, int]]:
    """Return the marks that can be learned from, and how many can't for which reason."""
    kept: list[Mark] = []
    dropped: dict[str, int] = {}
    for one in marks:
        count = words.count(one["text"])
        if reason := "empty" if not count else "too long" if count > most_words else "":
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            kept.append(one)
    return kept, dropped


def _pair(one: Choice, *, turned: bool = False) -> tuple[str, ...]:
    texts = [_folded(one["chosen"]), _folded(one["rejected"])]
    return one["prompt"], *(reversed(texts) if turned else texts)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _says_little(one: Choice, most_words: int) -> str:
    """Return why `one` is left out by itself, or nothing."""
    counts = [words.count(one[side]) for side in ("chosen", "rejected")]
    if not all(counts):
        return "empty"
    if max(counts) > most_words:
        return "too long"
    chosen, rejected = (similar.shingles(one[side], _SIZE) for side in ("chosen", "rejected"))
    shared = len(chosen & rejected)
    if shared >= NEAR_DUPLICATE * len(chosen | rejected):
        return "alike"
    if shared >= CONTAINED * min(len(chosen), len(rejected)):
        return "only longer"
    return ""


def split(
    items: Sequence[Any], share: float, stories: Sequence[Row]
) -> tuple[list[Any], list[Any]]:
    """Return (train, held-out), so that no prompt and no story is on both sides.

    What belongs to one of the held-out `stories`, or tells it, is held out. Of the rest so much is
    that `share` of all is, and no less than `ENOUGH` prompts; the prompts' hashes decide, so that
    a choice stays on its side from run to run.
    """
    numbers = {row["story"] for row in stories} - {0}
    told = frozenset().union(*(similar.shingles(row["text"], COPIED_SIZE) for row in stories))
    free: list[list[Any]] = []
    held_out: list[list[Any]] = []
    for group in sorted(_groups(items), key=_order):
        fixed = any(one["story"] in numbers or _tells(one, told) for one in group)
        (held_out if fixed else free).append(group)
    count = sum(map(len, held_out))
    while free and (len(held_out) < ENOUGH or count < share * len(items)):
        held_out.append(free.pop())
        count += len(held_out[-1])
    return _flat(free), _flat(held_out)


def _tells(one: Any, told: similar.Shingles) -> bool:
    """Return whether one of the texts repeats much of what is `told`."""
    texts = [one["text"]] if "text" in one else [one["chosen"], one["rejected"]]
    return any(similar.copied_share(text, told, COPIED_SIZE) >= COPIED_SHARE for text in texts)


def _groups(items: Sequence[Any]) -> list[list[Any]]:
    """Return the items that share a prompt or a story, together."""
    first: dict[Hashable, int] = {}
    together = []
    for index, item in enumerate(items):
        named = [item["prompt"], *([item["story"]] if item["story"] else [])]
        together += [(first.setdefault(name, index), index) for name in named]
    members: dict[int, list[Any]] = {}
    for item, root in zip(items, similar.groups(len(items), together), strict=True):
        members.setdefault(root, []).append(item)
    return list(members.values())


def _order(group: Sequence[Any]) -> str:
    return hashlib.sha256(min(item["prompt"] for item in group).encode()).hexdigest()


def _flat(groups: Iterable[list[Any]]) -> list[Any]:
    return [item for group in groups for item in group]


def rows(item: Any) -> list[Any]:
    """Return the texts of a choice (the preferred one first) or of a mark, as rows to learn."""
    given = item.get("given", "")
    gap = " " if given else ""  # learned with the answer, which begins so
    texts = [item["text"]] if "text" in item else [item["chosen"], item["rejected"]]
    return [
        {
            "prompt": item["prompt"],
            "text": given + gap + text,
            "given": len(given),
            "is_open": item.get("is_open", False),
        }
        for text in texts
    ]
