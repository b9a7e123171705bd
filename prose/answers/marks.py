"""Markdown that a story has no use for, taken out as it streams: headings, quotes, underscores.

A sign is markdown only where it has to be: "file_name" and a list's dashes stay. An emphasis that
was opened and never closed gets its sign back in the end. Asterisks are how a story's own bold and
italic are stored (`prose.emphasis`): they stay, but around a whole line or answer (`without_bold`).
"""

import re

from prose.answers.taken import Kind, Taken
from prose.emphasis.signs import BOLD, ITALIC, spans

_SIGNS = re.compile(r"[_#>`\n]")
_MARK = re.compile(r"_+|`+|[#>]+|\n")
_LONGEST_EMPHASIS = 3
_LONGEST_HEADING = 6
_SHORTEST_FENCE = 3
_LONGEST_FENCE = 24  # with the language's name
_WIDE = "\u2e80"  # from here on, scripts put no space between words


class Marks:
    """Gives out the text without its markdown; `lost` are the signs to be put back, by place."""

    def __init__(self, *, active: bool) -> None:
        self.lost: list[tuple[int, str]] = []
        self.found: dict[str, None] = {}
        self.active = active
        self._held = ""
        self._given = 0
        self._previous = "\n"
        self._line_begins = True
        self._open: list[tuple[int, str]] = []

    @property
    def is_calm(self) -> bool:
        """Whether nothing waits, and no line is just beginning."""
        return not self.active or not (self._held or self._line_begins)

    def pass_over(self, text: str) -> None:
        """Take note of `text`, which has no signs and was shown."""
        self._given += len(text)
        self._previous = text[-1:] or self._previous

    def feed(self, text: str) -> str:
        """Take in `text`; return it without markdown, signs at its end left waiting."""
        if not self.active:
            return text
        if self.is_calm and not _SIGNS.search(text):
            self.pass_over(text)
            return text
        return self._read(self._held + text, last=False)

    def rest(self) -> str:
        """Return what waited, now that no more comes."""
        if not self.active:
            return ""
        held, self._held = self._held, ""
        shown = self._read(held, last=True)
        self._give_up()
        return shown

    def _read(self, text: str, *, last: bool) -> str:
        out: list[str] = []
        place = 0
        while mark := _MARK.search(text, place):
            self._show(text[place : mark.start()], out)
            place = mark.start()
            if not last and self._is_half(text, mark):
                self._held = text[place:]
                return "".join(out)
            place = self._meet(text, mark, out)
        self._held = ""
        self._show(text[place:], out)
        return "".join(out)

    def _is_half(self, text: str, mark: re.Match[str]) -> bool:
        """Tell whether what comes decides what `mark` is."""
        if mark[0] == "\n":
            return False
        if mark[0][0] == "`" and self._line_begins:
            rest = len(text) - mark.start()
            return rest <= _LONGEST_FENCE and text.find("\n", mark.end()) < 0
        # A longer row is none of ours, and goes on for as long as it likes.
        return mark.end() == len(text) and len(mark[0]) <= _LONGEST_HEADING

    def _meet(self, text: str, mark: re.Match[str], out: list[str]) -> int:
        """Show what there is to show of `mark`; return where to read on."""
        signs, end = mark[0], mark.end()
        following = text[end : end + 1]
        if signs == "\n":
            self._give_up()
        elif signs[0] == "_":
            if self._is_emphasis(signs, following):
                self.found[signs] = None
                return end
        elif self._line_begins:
            removed = self._at_line_start(text, mark, following)
            if removed:
                self.found[signs] = None
                self._line_begins = signs[0] != "#"
                return end + removed - 1
        self._show(signs, out)
        return end

    def _at_line_start(self, text: str, mark: re.Match[str], following: str) -> int:
        """Return one more than the characters that go with `mark`; 0 if it is the text's own."""
        signs = mark[0]
        if signs[0] == "`":
            line, newline, _ = text[mark.end() : mark.start() + _LONGEST_FENCE].partition("\n")
            ends = newline or len(text) < mark.start() + _LONGEST_FENCE
            is_fence = _SHORTEST_FENCE <= len(signs) <= _LONGEST_HEADING and " " not in line.strip()
            return len(line) + len(newline) + 1 if is_fence and ends else 0
        is_heading = signs.strip("#") == "" and len(signs) <= _LONGEST_HEADING
        is_quote = signs == ">"
        return 2 if (is_heading or is_quote) and following in {" ", "\t"} else 0

    def _is_emphasis(self, signs: str, following: str) -> bool:
        """Tell whether `signs` open or close an emphasis, and take note of it."""
        if len(signs) > _LONGEST_EMPHASIS:
            return False
        touches_text = bool(following) and not following.isspace()
        if self._open and self._open[-1][1] == signs:
            if not self._previous.isspace() and not _in_word(following):
                self._open.pop()
                return True
            return False
        is_apart = not _in_word(self._previous) and self._previous != signs[0]
        opens = touches_text and is_apart
        if opens and all(open_signs != signs for _, open_signs in self._open):
            self._open.append((self._given, signs))
            return True
        return False

    def _give_up(self) -> None:
        self.lost.extend(self._open)
        self._open.clear()

    def _show(self, text: str, out: list[str]) -> None:
        if not text:
            return
        out.append(text)
        self._given += len(text)
        self._previous = text[-1]
        if text[-1] == "\n":
            self._line_begins = True
        elif self._line_begins:
            self._line_begins = text.isspace()


def without_bold(text: str, taken: Taken) -> str:
    """Return `text` with lines that are bold as a whole, as headings are, without their signs.

    Of a text that is italic as a whole, in every line, those are taken too.
    """
    if "*" not in text:
        return text
    lines = text.split("\n")
    sizes = [_whole(line.strip()) if line.strip() else 0 for line in lines]
    told = [size for line, size in zip(lines, sizes, strict=True) if line.strip()]
    least = ITALIC if all(told) else BOLD
    if any(size >= least for size in told):
        taken.add(Kind.MARKDOWN, "*" * max(told))
    return "\n".join(
        _bare(line, size) if size >= least else line
        for line, size in zip(lines, sizes, strict=True)
    )


def _whole(line: str) -> int:
    """Return how many asterisks stand around all of `line`."""
    return sum(
        found.size
        for found in spans(line)
        if found.start <= _LONGEST_EMPHASIS
        and not line[: found.start].strip("*")
        and not line[found.end :].strip("*")
    )


def _bare(line: str, size: int) -> str:
    start = len(line) - len(line.lstrip())
    bare = line.strip()
    return line[:start] + bare[size : len(bare) - size]


def _in_word(character: str) -> bool:
    return character.isalnum() and character < _WIDE


def uses_marks(text: str) -> bool:
    """Tell whether a writer's own `text` has emphasis in it, or headings: theirs stay."""
    return bool(_EMPHASIS.search(text) or _HEADING.search(text))


_EMPHASIS = re.compile(r"(?<![\w*_])([*_]{1,3})(?=[^\s*_])[^*_\n]{1,200}\1(?!\w)")
_HEADING = re.compile(r"(?m)^#{1,6} \S")
