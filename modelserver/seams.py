"""Where an answer meets the text that it continues: what of it is new."""


class Echo:
    """Takes off the echo of what was to be continued, if it is an exact one."""

    def __init__(self, prefill: str) -> None:
        """Expect `prefill`; a server may leave off the white space around it."""
        self._expected = prefill.lstrip()
        self._core = len(self._expected.rstrip())
        self._at = 0  # how much of it came
        self._held: list[str] = []
        self._over = False
        self.came: bool | None = None  # None until it is clear

    def take(self, text: str) -> str:
        """Return what of the next piece is new, with what was held back and is no echo."""
        if self._over:
            return text
        self._held.append(text)
        new = text if self._at else text.lstrip()
        if self._expected.startswith(new, self._at):
            self._at += len(new)
            self._over = self._at == len(self._expected)
            self.came = self._over or None
            return ""
        self._over = True
        rest = self._after(new, len(self._expected))
        if rest is None:
            rest = self._after(new, max(self._core, self._at))
        self.came = rest is not None
        return "".join(self._held) if rest is None else rest

    def _after(self, new: str, end: int) -> str | None:
        """Return what follows in `new` if the echo goes on in it up to `end`."""
        if not end or not new.startswith(self._expected[self._at : end]):
            return None
        return new[end - self._at :]


class Words:
    """The answer is one of its own: its first word is no part of the one before."""

    def __init__(self, prefill: str) -> None:
        """Remember whether a space is missing after `prefill`."""
        self._apart = bool(prefill) and not prefill[-1].isspace()

    def take(self, text: str) -> str:
        """Return the next piece; the first with the space before it, if it begins with a word."""
        if not self._apart or not text:
            return text
        self._apart = False
        return f" {text}" if text[0].isalnum() else text
