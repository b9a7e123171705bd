"""What differs between two texts, word by word or in paragraphs; and two changed texts in one.

Google's algorithm (Myers 1986 with the clean-up of diff-match-patch), on words instead of
characters: each different word, or paragraph, is one character to it. Two texts made from the same
one are merged as diff3 does (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from time import monotonic
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

# Seconds for the words of all changes of a text that is merged; what is not looked at by then is
# changed as a whole.
_PATIENCE = 0.5

# What keeps two changes apart: a word that neither has touched, or the end of a paragraph.
_BETWEEN = re.compile(r"\w|\n\n")

# In scripts without spaces, each character is one.
_WORD = re.compile(rf"\s+|[^\W{words.UNSPACED}]+|[^\s]")
# A paragraph has the line feeds that end it.
_PARAGRAPH = re.compile(r"[^\n]*\n+|[^\n]+")
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


def word_diff(old: str, new: str, timeout: float = TIMEOUT) -> list[Segment]:
    """Return what has to be removed from `old` and added to it to get `new`, in reading order.

    The segments that are not added make `old`, those that are not removed make `new`. The search
    takes `timeout` seconds at most, which are more than none.
    """
    return _diff(_WORD, old, new, timeout, _cleaned)


def paragraph_diff(old: str, new: str) -> list[Segment]:
    """Return the same in whole paragraphs."""
    return _diff(_PARAGRAPH, old, new, TIMEOUT, lambda _, found: found)


def _diff(
    token: re.Pattern[str], old: str, new: str, timeout: float, clean: "_Cleaning"
) -> list[Segment]:
    codes: dict[str, str] = {}
    engine = _Engine()
    engine.Diff_Timeout = timeout
    coded = [_encoded(token.findall(text), codes) for text in (old, new)]
    found = engine.diff_main(*coded, False)
    told = list(codes)
    return [
        Segment(_CHANGES[change], "".join(told[_index(code)] for code in text))
        for change, text in clean(engine, found)
    ]


_Found = list[tuple[int, str]]
_Cleaning = Callable[[_Engine, _Found], _Found]


def _cleaned(engine: _Engine, found: _Found) -> _Found:
    """Return `found` with its changes moved and joined to where they mean something.

    The library's clean-up copies all that is the same for each word that it moves a change by, and
    does not look at the clock: it gets to see `_REACH` words of it.
    """
    cleaned: _Found = []
    part: _Found = []
    for change, text in found:
        if change or len(text) <= 2 * _REACH:
            part.append((change, text))
            continue
        part.append((0, text[:_REACH]))
        engine.diff_cleanupSemantic(part)
        cleaned += [*part, (0, text[_REACH:-_REACH])]
        part = [(0, text[-_REACH:])]
    engine.diff_cleanupSemantic(part)
    joined: _Found = []
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


def _encoded(tokens: list[str], codes: dict[str, str]) -> str:
    return "".join(codes.setdefault(token, _code(len(codes))) for token in tokens)


def _code(index: int) -> str:
    number = index + _FIRST
    return chr(number if number < _SURROGATES else number - _SURROGATES + _AFTER_SURROGATES)


def _index(code: str) -> int:
    number = ord(code)
    return number - _FIRST - (_AFTER_SURROGATES - _SURROGATES if number >= _SURROGATES else 0)


# ---- Merging ----


class Edit(NamedTuple):
    """A stretch of an older text, in code points, and what a newer one has in its place."""

    start: int
    end: int
    text: str


def merged(base: str, mine: str, theirs: str) -> str | None:
    """Return `base` with the changes of both texts; None where two of them touch.

    A change that both have made is made once. The result is the same with the two exchanged.
    """
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    sides = set(edits(base, mine)), set(edits(base, theirs))
    made = sorted(sides[0] | sides[1])
    for before, after in pairwise(made):
        is_own = any({before, after} <= side for side in sides)
        if not is_own and not _is_apart(base, before, after):
            return None
    return _apply(base, made)


def edits(old: str, new: str) -> list[Edit]:
    """Return what makes `new` of `old`, in order; a word or two that are the same are no gap."""
    found: list[Edit] = []
    at = 0
    deadline = monotonic() + _PATIENCE
    for is_same, run in groupby(paragraph_diff(old, new), lambda part: part.change == "same"):
        parts = list(run)
        leaving = "".join(text for change, text in parts if change != "added")
        if not is_same:
            coming = "".join(text for change, text in parts if change != "removed")
            found += _within(leaving, coming, at, deadline - monotonic())
        at += len(leaving)
    return found


def _within(leaving: str, coming: str, at: int, left: float) -> Iterator[Edit]:
    """Yield what makes `coming` of `leaving`, which begins at `at`, found in `left` seconds."""
    if not leaving or not coming or left <= 0:
        yield Edit(at, at + len(leaving), coming)
        return
    found = readable(word_diff(leaving, coming, left))
    for is_same, run in groupby(found, lambda part: part.change == "same"):
        parts = list(run)
        removed = "".join(text for change, text in parts if change != "added")
        if not is_same:
            added = "".join(text for change, text in parts if change != "removed")
            yield Edit(at, at + len(removed), added)
        at += len(removed)


def _is_apart(base: str, before: Edit, after: Edit) -> bool:
    return _BETWEEN.search(base, before.end, max(before.end, after.start)) is not None


def _apply(base: str, made: list[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, text in made:
        pieces += [base[at:start], text]
        at = end
    return "".join([*pieces, base[at:]])
