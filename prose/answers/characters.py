"""Characters as they come: halves joined, and what a story never has left out."""

import re

# A database can't hold NULs and half characters; lines end with "\n".
_STRANGE = re.compile(r"[\x00\r\ud800-\udfff]")
_PAIR = re.compile(r"([\ud800-\udbff])([\udc00-\udfff])")


class Characters:
    """Joins the halves of a character that a server sends in two pieces."""

    def __init__(self) -> None:
        self._half = ""

    @property
    def is_calm(self) -> bool:
        """Whether nothing waits."""
        return not self._half

    def feed(self, text: str) -> str:
        """Return `text`, with the half that came before it; a half at its end waits."""
        if not self._half and not _STRANGE.search(text):
            return text
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        if self._half:
            text = text[:-1]
        return _STRANGE.sub("", _PAIR.sub(_joined, text))


def _joined(pair: re.Match[str]) -> str:
    high, low = ord(pair[1]) - 0xD800, ord(pair[2]) - 0xDC00
    return chr(0x10000 + (high << 10) + low)
