"""The beginning of an answer: introductions, a title and rules go; what may be one waits."""

import re

from prose.answers import greetings, refusals
from prose.answers.endings import is_title
from prose.answers.phrases import Beginnings
from prose.answers.taken import Kind, Taken
from prose.answers.task import Task

# Pieces that are taken off one after the other.
_MOST_TAKEN = 12
# White space before the first word that is kept for the seam.
_MOST_SPACE = 8
_LONGEST_LINE = 140
# Characters that are looked at one by one: most texts are known by them.
_CLOSELY = 24
_FAR = 64  # a word may be as long as it likes
_WIDE = "\u2e80"  # from here on, scripts put no space between words
_RULE = re.compile(r"(?:[-*_=~—–][ \t]?){3,60}\n|`{3,12}\w{0,12}[ \t]{0,8}\n")
_MAY_BE_RULE = re.compile(r"(?:[-*_=~—–][ \t]?){1,60}\Z|`{1,12}\w{0,12}[ \t]{0,8}\Z")
_NAMES = r"title|titel|titre|título|titulo|titolo|标题|题目|story title"
_TITLE = re.compile(
    rf"(?:#{{1,6}}[ \t]+|[*_]{{1,3}}(?=\S)|(?=(?:{_NAMES})\s?[:：]))"
    rf"[*_]{{0,3}}(?:(?:{_NAMES})[*_]{{0,3}}[ \t]?[:：][*_]{{0,3}}[ \t]*)?"
    r"(?P<title>[^\n]{1,120}?)[*_ \t]*(?:\n|\Z)",
    re.IGNORECASE,
)
_MAY_BE_TITLE = re.compile(
    rf"(?:#|[*_]{{1,3}}(?:\S|\Z)|(?:{_NAMES})\s?[:：])[^\n]{{0,{_LONGEST_LINE}}}\Z", re.IGNORECASE
)
_TITLE_NAMES = Beginnings(
    "title:",
    "titel:",
    "titre :",
    "título:",
    "titulo:",
    "titolo:",
    "标题：",
    "题目：",
    "story title:",
)
_QUOTED = re.compile(r"[\"“„«「《](?P<inner>[^\"“”«»」》]+)[\"”“»」》]")
# After a refusal that is none in the end.
_INSTEAD = re.compile(
    r"(?:instead|however|but|stattdessen|aber|jedoch|à la place|cependant|toutefois|en su lugar"
    r"|sin embargo|en cambio|不过|但是|但)[,，: ]*",
    re.IGNORECASE,
)


class Opening:
    """Takes in an answer, and gives out the text from its first word on.

    `title` is the one that it was given in so many words, `lead` a marked line before a
    continuation, which goes with what is told again behind it. White space before the first word
    is given out before a continuation, cut to what a seam may need.
    """

    def __init__(self, task: Task, taken: Taken) -> None:
        self.over = self.refused = False
        self.title = self.lead = ""
        self._task, self._taken = task, taken
        self._space = self._held = ""
        self._count = 0
        # In somebody's mouth, it is the story's.
        self._may_refuse = not refusals.begins(task.passage)

    def feed(self, text: str) -> str:
        """Take in `text`; return what can be shown by now."""
        place = 0
        while not self.over and place < len(text):
            place = self._take_in(text, place)
            if shown := self._look(last=False):
                return shown + text[place:]
        return text[place:] if self.over else ""

    def _take_in(self, text: str, place: int) -> int:
        """Hold some more of `text` from `place` on; return the place behind it.

        Whatever the pieces are that a text comes in, it is looked at in the same places: at each of
        its first letters, then behind each word and sign.
        """
        if not self._held:
            start = place
            while place < len(text) and text[place].isspace():
                place += 1
            self._space = (self._space + text[start:place])[:_MOST_SPACE]
        end = place
        while end < len(text):
            end += 1
            if _is_looked_at(len(self._held) + end - place, text[end - 1]):
                break
        self._held += text[place:end]
        return end

    def rest(self) -> str:
        """Return what was held back and is text, now that no more comes."""
        return "" if self.over else self._look(last=True)

    def _look(self, *, last: bool) -> str:
        if not last and not _is_looked_at(len(self._held), self._held[-1:]):
            return ""
        while self._held and self._count < _MOST_TAKEN and self._take_off(last=last):
            self._count += 1
        if not last and (not self._held or self._may_be_more()):
            return ""
        self.over = True
        if last and self._may_refuse and refusals.is_refusal(self._held):
            self.refused = True
            self._taken.add(Kind.REFUSAL, self._held)
            return ""
        shown = self._space * bool(self._task.base) + self._held if self._held else ""
        self._held = ""
        return shown

    def _take_off(self, *, last: bool) -> bool:
        """Take one piece off the beginning, if there is one to be taken."""
        text = self._held
        if length := greetings.length(text, last=last):
            return self._drop(length, Kind.GREETING)
        if rule := _RULE.match(text):
            return self._drop(rule.end(), Kind.MARKDOWN)
        if self._may_refuse and (length := self._length_of_detour(text, last=last)):
            return self._drop(length, Kind.GREETING)
        found = _TITLE.match(text)
        if found and (last or text[found.end() - 1] == "\n"):
            return self._take_title(found)
        return False

    def _take_title(self, found: re.Match[str]) -> bool:
        """Take a marked line as the title, or keep it as the story's own."""
        title = found["title"].strip("*_# \t")
        if quoted := _QUOTED.fullmatch(title):
            title = quoted["inner"]
        named = re.search(r"[:：]", found[0][: found.start("title") - found.start()]) is not None
        if self._task.passage or self.title or self.lead or not (named or is_title(title)):
            return False
        if self._task.base and not named:
            # It may be a chapter's; with the beginning told again, it is the story's.
            self.lead = found[0]
            self._held = self._held[found.end() :]
            return True
        self.title = title
        return self._drop(found.end(), Kind.TITLE)

    def _length_of_detour(self, text: str, *, last: bool) -> int:
        """Return the length of a refusal that a text follows all the same, introduced as one."""
        paragraph, newline, after = text.partition("\n")
        if not newline or not refusals.begins(paragraph):
            return 0
        after_space = after.lstrip()
        instead = _INSTEAD.match(after_space)
        end = instead.end() if instead else 0
        length = greetings.length(after_space[end:], last=last)
        return len(text) - len(after_space) + end + length if length else 0

    def _drop(self, length: int, kind: Kind) -> bool:
        self._taken.add(kind, self._held[:length])
        self._held = self._held[length:].lstrip()
        return True

    def _may_be_more(self) -> bool:
        """Tell whether what is held may still turn out to be something to be taken off."""
        text = self._held
        if self._count >= _MOST_TAKEN:
            return False
        if self._may_refuse and refusals.may_be(text):
            return True
        if greetings.may_begin(text) or _MAY_BE_RULE.match(text):
            return True
        begun = text.lower()
        may_be_titled = not self._task.passage and not self.title and not self.lead
        return may_be_titled and (bool(_MAY_BE_TITLE.match(text)) or _TITLE_NAMES.may_become(begun))


def _is_looked_at(length: int, letter: str) -> bool:
    """Tell whether a text of `length` characters that ends with `letter` is looked at."""
    if length <= _CLOSELY or length % _FAR == 0:
        return length > 0
    return not letter.isalnum() or letter >= _WIDE
