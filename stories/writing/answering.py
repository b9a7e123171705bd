"""One answer of the model: cleaned as it comes, and read as a whole when it has ended."""

from dataclasses import dataclass
from typing import Any

import modelserver
from prose import said
from prose.answers.cleaner import AnswerCleaner
from prose.answers.taken import Kind
from prose.answers.task import Task
from stories.writing.finishing import Outcome

_LONGEST_QUOTE = 200  # characters
# Pieces that an answer may come in for each token that was asked for; a server sends one a token,
# and one that doesn't keep to what it is asked would send them for ever.
_PIECES_A_TOKEN = 2


@dataclass(slots=True)
class Received:
    """How much came of an answer of `most` tokens at most, in pieces; empty ones count too."""

    most: int
    before: int  # characters of what was written before it
    restarts: int
    pieces: int = 0
    thoughts: int = 0  # those of the pieces that are thoughts

    @property
    def pieces_left(self) -> int:
        """How many more pieces are taken in."""
        return min(
            _PIECES_A_TOKEN * self.most - self.pieces + self.thoughts,
            _PIECES_A_TOKEN * modelserver.THOUGHTS - self.thoughts,
        )


class Answer:
    """Gives out the text of an answer that comes in pieces, and what is left of it in the end."""

    def __init__(self, task: Task) -> None:
        self._cleaner = AnswerCleaner(task)
        self._given: list[str] = []
        self._left: str | None = None
        self._is_over = False

    def take(self, text: str) -> str:
        """Take in the next piece; return what can be shown by now."""
        return self._give(self._cleaner.feed(text))

    def passes(self, text: str) -> bool:
        """Tell whether `text` is shown as it is, and its pieces would be too."""
        return self._cleaner.passes(text)

    def rest(self) -> str:
        """Return what was held back and is text, now that no more comes."""
        if self._is_over:
            return ""
        self._is_over = True
        return self._give(self._cleaner.rest())

    def _give(self, text: str) -> str:
        if text:
            self._given.append(text)
        return text

    def left(self, shown: str | None = None) -> str:
        """Return the text without what only its end tells; of `shown`, a beginning of all of it.

        It is found once, by a look at the whole text: not for the event loop.
        """
        if self._left is None:
            if shown is None:
                self.rest()  # of an answer that broke off
            self._left = self._cleaner.final("".join(self._given) if shown is None else shown)
        return self._left

    @property
    def title(self) -> str:
        """The title that the answer gave the story; known when it has ended."""
        return self._cleaner.title

    @property
    def refused(self) -> bool:
        """Whether the model refused; known when it has ended."""
        return self._cleaner.refused

    @property
    def ended(self) -> bool:
        """Whether the model's own sign of an end came as text."""
        return self._cleaner.ended

    @property
    def thinking(self) -> bool:
        """Whether what comes is a thought."""
        return self._cleaner.thinking

    @property
    def restarts(self) -> int:
        """How often all that came turned out to have been a thought."""
        return self._cleaner.restarts

    def tell(self, outcome: Outcome) -> None:
        """Note in `outcome` what was taken away, and a refusal."""
        removed: list[dict[str, Any]] = outcome.facts.setdefault("removed", [])
        removed += ({"kind": str(each.kind), "text": each.text} for each in self._cleaner.removed)
        if self.refused and outcome.status == outcome.status.DONE:
            refusals = [each["text"] for each in removed if each["kind"] == Kind.REFUSAL]
            answer = " ".join("".join(refusals[-1:]).split())
            quote = answer if len(answer) <= _LONGEST_QUOTE else f"{answer[: _LONGEST_QUOTE - 1]}…"
            outcome.error_code = "refused_by_model"
            outcome.error_message = said(
                "The model refused: “%(quote)s” Nothing was changed.", quote=quote
            )
