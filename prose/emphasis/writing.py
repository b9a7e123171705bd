"""Signs put around what is bold or italic in a file that is read.

While a file is read, what has a look stands between characters that no text has: `marked`. Where
signs would not be read as they are meant, within a word or beside others, the line goes without.
"""

import re

from prose.emphasis.signs import BOLD, ITALIC, plain

_BEGINS = {ITALIC: "\x01", BOLD: "\x02", ITALIC + BOLD: "\x03"}
_END = "\x04"
_SIZES = {sign: size for size, sign in _BEGINS.items()}
_MARKS = re.compile("[\x01-\x04]")
_MARKED = re.compile("([\x01-\x03])([^\x01-\x04]*)\x04")
# What goes on in the same look is one with it.
_JOINT = re.compile("([\x01-\x03])([^\x01-\x04]*+)((?:\x04\\1[^\x01-\x04]*+)++)\x04")


def marked(text: str, *, bold: bool, italic: bool) -> str:
    """Return `text` with the marks of its look, which holds for each of its lines."""
    begins = _BEGINS.get(BOLD * bold + ITALIC * italic)
    if not begins:
        return text
    return "\n".join(f"{begins}{line}{_END}" if line else "" for line in text.split("\n"))


def with_signs(text: str) -> str:
    """Return `text` with signs in the place of marks."""
    return "\n".join(map(_line, text.split("\n"))) if _MARKS.search(text) else text


def unmarked(text: str) -> str:
    """Return `text` without marks."""
    return _MARKS.sub("", text)


def _line(line: str) -> str:
    joined = _JOINT.sub(lambda found: found[1] + unmarked(found[2] + found[3]) + _END, line)
    signed = unmarked(_MARKED.sub(_signed, joined))
    bare = unmarked(line)
    return signed if plain(signed) == bare else bare


def _signed(found: re.Match[str]) -> str:
    """Return what was marked between signs; spaces at its ends are not emphasised."""
    text = found[2]
    inner = text.strip()
    if not inner:
        return text
    sign = "*" * _SIZES[found[1]]
    start = text.index(inner)
    return f"{text[:start]}{sign}{inner}{sign}{text[start + len(inner) :]}"
