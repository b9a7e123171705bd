"""What differs between two texts, word by word.

Google's algorithm (Myers 1986 with the clean-up of diff-match-patch), on words instead of
characters: each different word is one character to it.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from diff_match_patch import diff_match_patch

from prose import words

TIMEOUT = 0.5  # seconds; the diff is then coarser, and still right
# Words and spaces of a text up to which the search for a long common stretch is quick (0.1 s): it
# does not look at the clock.
_HALF_MATCH = 16_000

# Words of what is the same, on each side of a change, within which it may be moved.
_REACH = 256

# Of what two passages have in common between changes, for the eye to have a hold.
_FEWEST_WORDS = 3

# In scripts without spaces, each character is one.
_TOKEN = re.compile(rf"\s+|[^\W{words.UNSPACED}]+|[^\s]")
# Characters that stand for words; surrogates are none.
_FIRST, _SURROGATES, _AFTER_SURROGATES = 1, 0xD800, 0xE000

Change = Literal["same", "added", "removed"]
_CHANGES: dict[int, Change] = {0: "same", 1: "added", -1: "removed"}


class Segment(NamedTuple):
    """A stretch of text that is in both, only in the new one, or only in the old one."""

    change: Change
    text: str


class _Engine(diff_match_patch):  # type: ignore[misc]  # has no types
    def diff_halfMatch(self, text1: str, text2: str) -> Any:  # noqa: N802 - the library's name
        if max(len(text1), len(text2)) > _HALF_MATCH:
            return None
        return super().diff_halfMatch(text1, text2)


def word_diff(old: str, new: str) -> list[Segment]:
    """Return what has to be removed from `old` and added to it to get `new`, in reading order.

    The segments that are not added make `old`, those that are not removed make `new`.
    """
    codes: dict[str, str] = {}
    engine = _Engine()
    engine.Diff_Timeout = TIMEOUT
    found = engine.diff_main(_encoded(old, codes), _encoded(new, codes), False)
    told = list(codes)
    return [
        Segment(_CHANGES[change], "".join(told[_index(code)] for code in text))
        for change, text in _cleaned(engine, found)
    ]


def _cleaned(engine: _Engine, found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return `found` with its changes moved and joined to where they mean something.

    The library's clean-up copies all that is the same for each word that it moves a change by, and
    does not look at the clock: it gets to see `_REACH` words of it.
    """
    cleaned: list[tuple[int, str]] = []
    part: list[tuple[int, str]] = []
    for change, text in found:
        if change or len(text) <= 2 * _REACH:
            part.append((change, text))
            continue
        part.append((0, text[:_REACH]))
        engine.diff_cleanupSemantic(part)
        cleaned += [*part, (0, text[_REACH:-_REACH])]
        part = [(0, text[-_REACH:])]
    engine.diff_cleanupSemantic(part)
    joined: list[tuple[int, str]] = []
    for change, run in groupby([*cleaned, *part], key=itemgetter(0)):
        joined.append((change, "".join(text for _, text in run)))
    return joined


def readable(segments: Sequence[Segment]) -> list[Segment]:
    """Return `segments` with runs of changes in one, where only a word or two keep them apart."""
    found: list[Segment] = []
    removed: list[str] = []
    added: list[str] = []
    for index, (change, text) in enumerate(segments):
        between = (removed or added) and index + 1 < len(segments)
        is_short = between and words.count(text) < _FEWEST_WORDS and "\n" not in text
        if change == "removed" or (change == "same" and is_short):
            removed.append(text)
        if change == "added" or (change == "same" and is_short):
            added.append(text)
        if change == "same" and not is_short:
            found += [*_changes(removed, added), Segment("same", text)]
            removed, added = [], []
    return found + _changes(removed, added)


def _changes(removed: list[str], added: list[str]) -> list[Segment]:
    both = (Segment("removed", "".join(removed)), Segment("added", "".join(added)))
    return [segment for segment in both if segment.text]


def _encoded(text: str, codes: dict[str, str]) -> str:
    return "".join(codes.setdefault(word, _code(len(codes))) for word in _TOKEN.findall(text))


def _code(index: int) -> str:
    number = index + _FIRST
    return chr(number if number < _SURROGATES else number - _SURROGATES + _AFTER_SURROGATES)


def _index(code: str) -> int:
    number = ord(code)
    return number - _FIRST - (_AFTER_SURROGATES - _SURROGATES if number >= _SURROGATES else 0)
