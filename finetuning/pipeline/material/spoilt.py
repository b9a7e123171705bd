"""Text that a wrong decoding or a spreadsheet has spoilt: noticed, and put right when asked to.

What was read in the wrong encoding ("CafÃ©") is told and undone by ftfy.
"""

import html
import re
from typing import NamedTuple

import ftfy
from ftfy.badness import is_bad

# What Excel keeps of a cell, and what it leaves of a formula and of a character that XML lacks.
_CELL = 32_767
_FAULT = re.compile(r"#(?:NAME\?|VALUE!|REF!|DIV/0!|N/A|NUM!|NULL!)")
_ESCAPE = re.compile(r"_x000[Dd]_")
_ENTITY = re.compile(r"&(?:quot|amp|lt|gt|apos|nbsp|#[0-9]{2,4});")
# A letter that an encoding hadn't was written as a question mark.
_LOST = re.compile(r"\ufffd|(?<=[^\W\d_])\?(?=[^\W\d_])")
_BEFORE, _SHOWN = 12, 48  # characters, of an excerpt


class Spoilt(NamedTuple):
    """What is odd about a text, a piece of it, and that piece put right, if it can be."""

    reason: str
    excerpt: str
    repair: str


def look(text: str) -> Spoilt | None:
    """Return what is odd about `text`, or None."""
    if len(text) == _CELL:
        reason = f"it ends after {_CELL:,} characters, where spreadsheets cut a cell off"
        return Spoilt(reason, text[-_SHOWN:], "")
    if fault := _FAULT.fullmatch(text.strip()):
        return Spoilt("a spreadsheet took it for a formula", fault[0], "")
    right = repaired(text)
    if lost := _LOST.search(right):
        start = max(0, lost.start() - _BEFORE)
        return Spoilt("letters are lost", right[start : start + _SHOWN], "")
    if right == text:
        return None
    return Spoilt("it looks wrongly decoded", *_difference(text, right))


def repaired(text: str) -> str:
    """Return `text` put right, as far as that can be done."""
    if not text.isascii():
        # By lines: what is spoilt in one says nothing about another.
        text = "\n".join(_decoded_again(line) for line in text.split("\n"))
    if _ENTITY.search(text):
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return _ESCAPE.sub("", text)


def _decoded_again(line: str) -> str:
    return ftfy.fix_encoding(line) if is_bad(line) else line


def _difference(text: str, right: str) -> tuple[str, str]:
    """Return the piece of each around the first place where they differ."""
    pairs = enumerate(zip(text, right, strict=False))
    first = next((at for at, (one, other) in pairs if one != other), min(len(text), len(right)))
    start = max(0, first - _BEFORE)
    return text[start : start + _SHOWN], right[start : start + _SHOWN]
