"""The arithmetic of a passage: a range of a text in code points, and what takes its place.

Nothing outside the range is ever touched: that is the promise of a partial rewrite, and these few
functions are where it is kept.
"""

import hashlib
from typing import NamedTuple

from prose import diffs


class Hashes(NamedTuple):
    """SHA-256 in hex of the UTF-8 of the text before and after a passage."""

    before: str
    after: str


def is_at(text: str, start: int, end: int, passage: str) -> bool:
    """Tell whether `text` reads `passage`, which is not empty, from `start` to `end`."""
    return 0 <= start < end <= len(text) and text[start:end] == passage


def splice(text: str, start: int, end: int, replacement: str) -> str:
    """Return `text` with `replacement` in place of what stands from `start` to `end`."""
    return text[:start] + replacement + text[end:]


def hashes(text: str, start: int, end: int) -> Hashes:
    """Return the hashes of what lies outside of the passage from `start` to `end`."""
    return Hashes(_sha256(text[:start]), _sha256(text[end:]))


def moved(old: str, new: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the passage of `old` from `start` to `end` stands in `new`.

    None when it was changed itself, or can't be told from others that read the same.
    """
    passage, shift = old[start:end], len(new) - len(old)
    if new[:end] == old[:end]:
        return start, end
    if start + shift >= 0 and new[start + shift :] == old[start:]:
        return start + shift, end + shift
    place = _diffed(old, new, start)
    if place is not None and is_at(new, place, place + len(passage), passage):
        return place, place + len(passage)
    if old.count(passage) == new.count(passage) == 1:
        place = new.index(passage)
        return place, place + len(passage)
    return None


def _diffed(old: str, new: str, offset: int) -> int | None:
    """Return where the code point at `offset` of `old` went in `new`, or None if it is gone."""
    in_old = in_new = 0
    for change, text in diffs.word_diff(old, new):
        if change == "same" and offset < in_old + len(text):
            return in_new + offset - in_old
        in_old += len(text) if change != "added" else 0
        in_new += len(text) if change != "removed" else 0
        if offset < in_old:
            return None
    return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
