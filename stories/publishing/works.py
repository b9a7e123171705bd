"""What is published: stories as paragraphs, alone or bound as a book."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from prose import said
from prose.emphasis.signs import Piece, pieces
from prose.languages.recognition import RIGHT_TO_LEFT, language_of
from stories.errors import Refused

# Code points of all stories of one book: a shelf of novels. More would keep the process from
# everybody else for too long.
MAX_BOOK_LENGTH = 3_000_000
# What XML has no place for, and no other format a use; PDF/UA refuses U+FEFF.
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]+")
# Word's line break in plain text (U+000B) and a new page (U+000C) part words too.
_LINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
BETWEEN_PARAGRAPHS = re.compile(r"\n(?:[ \t]*+\n)++")
_RIGHT = frozenset({"R", "AL"})


# What an EPUB says of how it can be read; `Book.summary` has it in the book's language.
ACCESSIBLE = said(
    "Text only, in reading order, with headings and a table of contents. Type and colours are the "
    "reader’s to choose."
)


class Paragraph(NamedTuple):
    """The lines of a paragraph, none of them empty, and whether it reads from right to left."""

    lines: tuple[str, ...]
    rtl: bool

    @property
    def pieces(self) -> list[list[Piece]]:
        """The lines in pieces of one look, bold or italic, without their signs."""
        return [pieces(line) for line in self.lines]


@dataclass(frozen=True)
class Work:
    """A story to be published; `key` names it among all stories, in all installations."""

    title: str
    text: str
    key: str
    changed: datetime  # aware
    asked_language: str = ""  # BCP 47; empty for English

    @cached_property
    def paragraphs(self) -> list[Paragraph]:
        """The text's paragraphs, those without words left out."""
        return paragraphs(self.text)

    @cached_property
    def language(self) -> str:
        """The language of the text (BCP 47)."""
        return language_of(self.text, self.asked_language)


@dataclass(frozen=True)
class Book:
    """One story or several under a title; without an author where none is to be named."""

    title: str
    author: str
    works: Sequence[Work]
    summary: str = ACCESSIBLE

    @property
    def has_contents(self) -> bool:
        """Whether there is anything to list."""
        return len(self.works) > 1

    @property
    def changed(self) -> datetime:
        """When the newest of its stories was changed."""
        return max(work.changed for work in self.works)

    @property
    def language(self) -> str:
        """The language of the longest of its stories (BCP 47)."""
        return max(self.works, key=lambda work: len(work.text)).language

    @property
    def is_right_to_left(self) -> bool:
        """Whether its pages are turned from left to right."""
        return self.language in RIGHT_TO_LEFT


def bind(title: str, author: str, works: Sequence[Work], most_lines: int | None = None) -> Book:
    """Return the book of `works`, cleaned of what no file can hold.

    Raises `Refused` when there is no word in it, more than one book takes, or more than
    `most_lines` lines with words, of which a paragraph has at least one.
    """
    check_length(sum(len(work.text) for work in works))
    kept = [
        replace(work, title=_one_line(work.title), text=cleaned(work.text))
        for work in works
        if cleaned(work.text).strip()
    ]
    if not kept:
        raise Refused("empty", said("There is no text to take along yet."), 400)
    if most_lines is not None:
        _check_lines(kept, most_lines)
    return Book(_one_line(title) or kept[0].title, _one_line(author), kept)


def check_length(length: int) -> None:
    """Raise `Refused` when stories of `length` characters together are more than a book takes."""
    if length > MAX_BOOK_LENGTH:
        raise Refused(
            "too_long",
            said(
                "These stories have %(length)s characters together; a book can have %(most)s. "
                "Choose fewer of them.",
                length=f"{length:,}",
                most=f"{MAX_BOOK_LENGTH:,}",
            ),
            400,
        )


def _check_lines(works: Sequence[Work], most: int) -> None:
    lines = sum(1 for work in works for line in work.text.split("\n") if line.strip())
    if lines > most:
        raise Refused(
            "too_many_lines",
            said(
                "These are %(lines)s paragraphs and lines; EPUB, DOCX and PDF files can have "
                "%(most)s. Choose fewer stories, or Markdown or plain text.",
                lines=f"{lines:,}",
                most=f"{most:,}",
            ),
            400,
        )


def cleaned(text: str) -> str:
    """Return `text` with line feeds only, and without characters that XML can't hold."""
    return _ILLEGAL.sub("", _LINES.sub("\n", text))


def paragraphs(text: str) -> list[Paragraph]:
    """Return the paragraphs of `text`, which stand apart by empty lines."""
    found = []
    for part in BETWEEN_PARAGRAPHS.split(text):
        lines = tuple(line.strip() for line in part.split("\n") if line.strip())
        if lines:
            found.append(Paragraph(lines, is_right_to_left(part)))
    return found


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter of `text` that has a direction reads from right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction == "L":
            return False
        if direction in _RIGHT:
            return True
    return False


def _one_line(text: str) -> str:
    return " ".join(cleaned(text).split())
