"""Bold and italic as they are stored: `**…**` and `*…*` in the plain text, as in Markdown.

A part of CommonMark, strict where it is generous: an emphasis ends in its line, stands around whole
words, and is closed by as many asterisks as opened it. Others are text: "2*3*4", "* * *", "f**k".
`static/js/emphasis/signs.js` reads in the same way; `tests/cases/emphasis.json` holds both to it.
"""

import re
import unicodedata
from typing import NamedTuple

_RUN = re.compile(r"\*+")
_SPACE = re.compile("[\\s\x1c-\x1f\x85\ufeff]")
_LONGEST = 3
ITALIC, BOLD = 1, 2
_BOTH = ITALIC + BOLD
_WIDE = "\u2e80"  # from here on, scripts put no space between words


class Span(NamedTuple):
    """What is emphasised in a line, from `start` to `end`; `size` asterisks are on each side."""

    start: int
    end: int
    size: int  # `ITALIC` or `BOLD`


class Edge(NamedTuple):
    """The signs that begin or end an emphasis: `size` asterisks at `start`."""

    start: int
    size: int
    begins: bool


class Piece(NamedTuple):
    """A part of a line that looks the same, without signs."""

    text: str
    bold: bool
    italic: bool


class _Open:
    """Signs that may open an emphasis, which begins at `end`."""

    def __init__(self, end: int, size: int) -> None:
        self.end, self.size = end, size


def spans(line: str) -> list[Span]:
    """Return the emphases of `line`, in the order of their ends."""
    found: list[Span] = []
    opened: list[_Open] = []  # two at most: one of a kind
    for run in _RUN.finditer(line):
        size = run.end() - run.start()
        if size > _LONGEST:
            continue
        before = line[max(0, run.start() - 1) : run.start()]
        behind = line[run.end() : run.end() + 1]
        if _touches(before) and not _in_word(behind) and _close(opened, run.start(), size, found):
            continue
        if _touches(behind) and not _in_word(before):
            # Of two beginnings, the nearer one counts.
            opened[:] = [other for other in opened if {size, other.size} == {ITALIC, BOLD}]
            opened.append(_Open(run.end(), size))
    return found


def _touches(character: str) -> bool:
    return bool(character) and not _SPACE.match(character)


def _in_word(character: str) -> bool:
    if not character or character >= _WIDE:
        return False
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _close(opened: list[_Open], place: int, size: int, found: list[Span]) -> bool:
    """Add to `found` what `size` signs at `place` close; return whether that is anything."""
    for index in range(len(opened) - 1, -1, -1):
        one = opened[index]
        if size == _BOTH and index and one.size < _BOTH:
            closing = [one, opened[index - 1]]
        elif one.size in {size, _BOTH}:
            closing = [one]
        else:
            continue
        del opened[index + 1 :]
        _end(closing, place, size, found)
        opened[:] = [other for other in opened if other.size]
        return True
    return False


def _end(closing: list[_Open], place: int, size: int, found: list[Span]) -> None:
    for one in closing:
        # Of three signs, the italic's are the inner ones where one run closes both.
        for part in (ITALIC, BOLD) if min(size, one.size) == _BOTH else (min(size, one.size),):
            found.append(Span(one.end, place, part))
            one.end, one.size, place = one.end - part, one.size - part, place + part


def edges(line: str) -> list[Edge]:
    """Return the signs of `line`, in order; what they enclose is nested."""
    return sorted(
        edge
        for start, end, size in spans(line)
        for edge in (Edge(start - size, size, True), Edge(end, size, False))
    )


def pieces(line: str) -> list[Piece]:
    """Return `line` without its signs, in pieces of one look."""
    found: list[Piece] = []
    looks = {ITALIC: False, BOLD: False}
    place = 0
    for start, size, begins in [*edges(line), Edge(len(line), 0, False)]:
        if place < start:
            found.append(Piece(line[place:start], looks[BOLD], looks[ITALIC]))
        place = start + size
        looks[size] = begins
    return found


def plain(text: str) -> str:
    """Return `text` without the signs of its emphases."""
    if "*" not in text:
        return text
    return "\n".join("".join(piece.text for piece in pieces(line)) for line in text.split("\n"))
