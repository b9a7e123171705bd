"""Lets a text through as it comes, a passage at a time, each looked at before anybody sees it."""

from prose.children import check

# Characters of a text by which its language is known.
_BEFORE = 2_000


class Gate:
    """Holds a text back until what it has passed on is looked at; shut by the first finding."""

    def __init__(self) -> None:
        self.found = ""  # the category of what it holds back
        self.passed = ""  # all that it let through
        self._waiting = ""
        self._enough = 0  # characters that wait before it is looked at again
        self._unchecked: bool | None = None  # known once enough of the text has come

    def feed(self, text: str) -> str:
        """Take in the next piece; return what may be shown by now: whole passages, looked at."""
        self._waiting += text
        if self.found or len(self._waiting) < self._enough:
            return ""
        if not ("\n" in text or check.may_hold_passage(self._waiting)):
            return ""
        ends = [passage[-1][1] for passage in check.passages(self._waiting)]
        # The last one may go on, unless its paragraph has ended.
        whole = self._waiting.rfind("\n") + 1
        end = max((end for end in ends[:-1]), default=0)
        shown = self._pass(max(end, whole))
        # A long row of blanks holds no passage, however often one looks.
        self._enough = 0 if shown else 2 * len(self._waiting)
        return shown

    def rest(self) -> str:
        """Return what was held back and may be shown, now that no more comes."""
        return self._pass(len(self._waiting))

    def _pass(self, end: int) -> str:
        if self.found:
            return ""
        let_through = self._looked_at(end)
        self.passed += let_through
        return let_through

    def _looked_at(self, end: int) -> str:
        let_through = ""
        text, start = self._waiting[:end], 0
        for passage in check.passages(text):
            begins, ends = passage[0][0], passage[-1][1]
            if not check.why_not_checked(
                self.passed[-_BEFORE:] + text[max(0, ends - _BEFORE) : ends]
            ):
                self.found = check.judged(text[begins:ends]).category
            if self.found:
                # With the white space before it, it stays where it is.
                return let_through
            let_through += text[start:ends]
            start = ends
        self._waiting = self._waiting[end:]
        return let_through + text[start:]

    def _is_unchecked(self, text: str) -> bool:
        """Tell whether what was passed on, and `text` behind it, is not checked."""
        if self._unchecked is not None:
            return self._unchecked
        begun = (self.passed + text)[:_BEFORE]
        unchecked = bool(check.why_not_checked(begun))
        if len(begun) == _BEFORE:
            self._unchecked = unchecked
        return unchecked
