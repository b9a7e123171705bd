"""Lets a text through as it comes, a passage at a time, each looked at before anybody sees it."""

from typing import NamedTuple

from prose.children import check

# Characters of a text by which its language is known.
_BEFORE = 2_000


class Seen(NamedTuple):
    """What a look at the piece that waits came to."""

    end: int  # of what is let through, in the piece
    found: str  # the category of what follows it


class Gate:
    """Holds a text back until what it has passed on is looked at; shut by the first finding.

    `feed` and `rest` look at once. Whoever looks elsewhere takes in (`due`), looks, which changes
    nothing, and then lets through (`settle`).
    """

    def __init__(self) -> None:
        self.found = ""  # the category of what it holds back
        self.passed = ""  # all that it let through
        self.is_open = False  # lets all through: it can't be looked at
        self._waiting = ""
        self._enough = 0  # characters that wait before it is looked at again

    def feed(self, text: str) -> str:
        """Take in the next piece; return what may be shown by now: whole passages, looked at."""
        end = self.due(text)
        return self.settle(end, self.look(end)) if end else ""

    def rest(self) -> str:
        """Return what was held back and may be shown, now that no more comes."""
        end = self.all_due()
        return self.settle(end, self.look(end)) if end else ""

    def due(self, text: str) -> int:
        """Take in the next piece; return how much of what waits is to be looked at now."""
        self._waiting += text
        if self.is_open:
            return self.all_due()
        if self.found or len(self._waiting) < self._enough:
            return 0
        if not ("\n" in text or check.may_hold_passage(self._waiting)):
            return 0
        ends = [passage[-1][1] for passage in check.passages(self._waiting)]
        # The last one may go on, unless its paragraph has ended.
        whole = self._waiting.rfind("\n") + 1
        end = max(max(ends[:-1], default=0), whole)
        if not end:
            # A long row of blanks holds no passage, however often one looks.
            self._enough = 2 * len(self._waiting)
        return end

    def all_due(self) -> int:
        """Return how much is to be looked at when no more comes."""
        return 0 if self.found else len(self._waiting)

    def look(self, end: int) -> Seen:
        """Look at what waits, up to `end`: takes long, and changes nothing."""
        if self.is_open:
            return Seen(end, "")
        text, start = self._waiting[:end], 0
        for passage in check.passages(text):
            begins, ends = passage[0][0], passage[-1][1]
            near = self.passed[-_BEFORE:] + text[max(0, ends - _BEFORE) : ends]
            if not check.why_not_checked(near) and (
                found := check.judged(text[begins:ends]).category
            ):
                # With the white space before it, it stays where it is.
                return Seen(start, found)
            start = ends
        return Seen(end, "")

    def settle(self, end: int, seen: Seen) -> str:
        """Return what may be shown of what waited, by what was `seen` in it up to `end`."""
        self.found = seen.found
        shown, self._waiting = self._waiting[: seen.end], self._waiting[seen.end :]
        self._enough = 0
        self.passed += shown
        return shown

    def open(self) -> str:
        """Return all that waits, and hold nothing back from now on: it can't be looked at."""
        self.is_open = True
        return self.settle(len(self._waiting), Seen(len(self._waiting), ""))
