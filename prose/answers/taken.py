"""What was taken out of an answer, kept so that a person can look at it."""

from dataclasses import dataclass
from enum import StrEnum

# What is kept of it: no answer is to cost more than its story.
MOST_PIECES = 40
MOST_CHARACTERS = 2_000  # of a piece


class Kind(StrEnum):
    """What a piece of an answer was taken for."""

    THOUGHTS = "thoughts"
    TEMPLATE = "template"
    GREETING = "greeting"
    TITLE = "title"
    LABEL = "label"
    MARKDOWN = "markdown"
    RESTART = "restart"
    REFUSAL = "refusal"
    AFTERWORD = "afterword"


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of an answer, cut to `MOST_CHARACTERS`."""

    kind: Kind
    text: str


class Taken:
    """The pieces in the order in which they were taken, no more than `MOST_PIECES`."""

    def __init__(self) -> None:
        self.pieces: list[Removed] = []

    def add(self, kind: Kind, text: str) -> None:
        """Keep `text`, if it says anything."""
        text = text[: MOST_CHARACTERS + 1].strip()
        if text and len(self.pieces) < MOST_PIECES:
            cut = text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
            self.pieces.append(Removed(kind, cut))
