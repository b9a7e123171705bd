"""What differs between two texts, word by word. Imports nothing of ours.

Google's algorithm (Myers 1986 with the clean-up of diff-match-patch), on words instead of
characters: each different word is one character to it.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from diff_match_patch import diff_match_patch

TIMEOUT = 0.5  # seconds; the diff is then coarser, and still right
# Words and spaces of a text up to which the search for a long common stretch is quick (0.1 s): it
# does not look at the clock.
_HALF_MATCH = 16_000

# Of what two passages have in common between changes, for the eye to have a hold.
_FEWEST_WORDS = 3

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
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
    engine.diff_cleanupSemantic(found)
    words = list(codes)
    return [
        Segment(_CHANGES[change], "".join(words[_index(code)] for code in text))
        for change, text in found
    ]


def readable(segments: Sequence[Segment]) -> list[Segment]:
    """Return `segments` with runs of changes in one, where only a word or two keep them apart."""
    found: list[Segment] = []
    removed = added = ""
    for index, (change, text) in enumerate(segments):
        between = (removed or added) and index + 1 < len(segments)
        if change == "removed":
            removed += text
        elif change == "added":
            added += text
        elif between and len(text.split()) < _FEWEST_WORDS and "\n" not in text:
            removed, added = removed + text, added + text
        else:
            found += [*_changes(removed, added), Segment("same", text)]
            removed = added = ""
    return found + _changes(removed, added)


def _changes(removed: str, added: str) -> list[Segment]:
    both = (Segment("removed", removed), Segment("added", added))
    return [segment for segment in both if segment.text]


def _encoded(text: str, codes: dict[str, str]) -> str:
    return "".join(codes.setdefault(word, _code(len(codes))) for word in _TOKEN.findall(text))


def _code(index: int) -> str:
    number = index + _FIRST
    return chr(number if number < _SURROGATES else number - _SURROGATES + _AFTER_SURROGATES)


def _index(code: str) -> int:
    number = ord(code)
    return number - _FIRST - (_AFTER_SURROGATES - _SURROGATES if number >= _SURROGATES else 0)
