"""One cleaner for every answer: what of it is the text that was asked for, as it streams.

Words wait only at the beginning, while they may still be something that is taken off, and never
more than a few hundred characters, unless they repeat the story that they were to go on from. In
the middle, half a tag or a sign waits and nothing else. What only the end can tell is taken off the
whole of what was shown (`final`).
"""

import re

from prose.answers import endings, marks, refusals
from prose.answers.characters import Characters
from prose.answers.marks import Marks
from prose.answers.openings import Opening
from prose.answers.restarts import Restart
from prose.answers.tags import Tags
from prose.answers.taken import Kind, Removed, Taken
from prose.answers.task import Task
from prose.emphasis import signs

# All that any of the stages looks for, once the text has begun.
_SIGNS = re.compile(r"[<\[◁_#>`\n\r\x00\ud800-\udfff]")


class AnswerCleaner:
    """Takes in an answer in pieces, and gives out its text.

    `title` is the one that the answer gives the story, `refused` tells that it is a refusal;
    both are known when it has ended.
    """

    def __init__(self, task: Task) -> None:
        self.title = ""
        self.refused = False
        self._task = task
        self._taken = Taken()
        self._characters = Characters()
        self._tags = Tags(self._taken)
        self._given: list[str] = []  # since the answer last began anew
        self._length = 0  # of all that was given out
        self._from = 0  # where what counts of it begins
        self._begin()

    def _begin(self) -> None:
        self._opening = Opening(self._task, self._taken)
        self._restart: Restart | None = None
        self._marks = Marks(active=not marks.uses_marks(self._task.own))
        self._is_open = False  # all that could wait at the beginning was decided
        self._is_calm = False  # and nothing waits

    @property
    def thinking(self) -> bool:
        """Whether what comes is a thought."""
        return self._tags.thinking

    @property
    def ended(self) -> bool:
        """Whether a template's token has ended the answer."""
        return self._tags.ended

    @property
    def restarts(self) -> int:
        """How often all that was given out turned out to be a thought."""
        return self._tags.restarts

    @property
    def removed(self) -> list[Removed]:
        """What was taken away, in order."""
        return self._taken.pieces

    def passes(self, text: str) -> bool:
        """Tell whether nothing waits and `text` is given out as it is, so in pieces too."""
        return self._is_calm and not _SIGNS.search(text)

    def feed(self, text: str) -> str:
        """Take in `text`; return what can be shown by now."""
        if self.passes(text):
            self._marks.pass_over(text)
            return self._give(text)
        shown = self._read(text)
        stages = (self._characters, self._tags, self._marks)
        self._is_calm = self._is_open and all(stage.is_calm for stage in stages)
        return shown

    def _read(self, text: str) -> str:
        text = self._characters.feed(text)
        if not text:
            return ""
        restarts = self._tags.restarts
        text = self._tags.feed(text)
        if self._tags.restarts != restarts:
            self._begin_anew()
        return self._give(self._pass(text)) if text else ""

    def rest(self) -> str:
        """Return what was held back and is text, now that no more comes."""
        restarts = self._tags.restarts
        text = self._tags.rest()
        if self._tags.restarts != restarts:
            self._begin_anew()
        shown = self._pass(text)
        if not self._opening.over:
            shown += self._pass_restart(self._opening.rest())
        if self._restart is not None:
            shown += self._marks.feed(self._restart.rest())
        return self._give(shown + self._marks.rest())

    def final(self, text: str) -> str:
        """Return what is left of `text` when what only the end can tell is off.

        `text` is all that was given out, or the beginning of it.
        """
        text = _with_lost_signs(text[self._from :], self._marks.lost)
        self._note_markdown()
        if self._marks.active:
            text = marks.without_bold(text, self._taken)
        self.title = self._opening.title
        self.refused = self._opening.refused
        if self._is_refusal(text):
            self.refused = True
            self._taken.add(Kind.REFUSAL, text)
            return ""
        if self._task.is_story:
            text = self._without_title(text)
            text = endings.without_labels(text, self._taken)
        return endings.without_afterwords(text, self._taken)

    def _is_refusal(self, text: str) -> bool:
        return not refusals.begins(self._task.passage) and refusals.is_refusal(signs.plain(text))

    def _without_title(self, text: str) -> str:
        if self.title:
            return text
        left, self.title = endings.without_title(text)
        self._taken.add(Kind.TITLE, self.title)
        return left

    def _note_markdown(self) -> None:
        self._taken.add(Kind.MARKDOWN, " ".join(self._marks.found))
        self._marks.found.clear()

    # ---- The way through ----

    def _pass(self, text: str) -> str:
        if self._is_open:
            return self._marks.feed(text)
        return self._pass_restart(self._opening.feed(text))

    def _pass_restart(self, text: str) -> str:
        if not self._opening.over:
            return ""
        if self._restart is None:
            base = self._task.base
            self._restart = Restart(base, self._opening.lead, self._taken) if base else None
        if self._restart is None:
            self._is_open = True
            return self._marks.feed(text)
        shown = self._restart.feed(text)
        self._is_open = self._restart.over
        return self._marks.feed(shown)

    def _give(self, text: str) -> str:
        if text:
            self._given.append(text)
            self._length += len(text)
        return text

    def _begin_anew(self) -> None:
        """All that came so far was a thought: its tag was part of the prompt."""
        self._taken.add(Kind.THOUGHTS, "".join(self._given) + self._tags.dropped)
        self._given, self._from = [], self._length
        self._begin()


def _with_lost_signs(text: str, lost: list[tuple[int, str]]) -> str:
    pieces: list[str] = []
    start = 0
    for place, sign in lost:
        if place > len(text):
            break
        pieces += (text[start:place], sign)
        start = place
    return "".join((*pieces, text[start:]))
