"""Finding stories by words, and the place in a text that shows why one was found."""

import re
from typing import NamedTuple

from django.db.models import Q

# What a person types; the rest of a pasted page finds nothing more.
LONGEST_QUERY = 200  # characters
_MOST_WORDS = 10
_FIELDS = ("title", "text", "settings__main_characters", "settings__keywords", "settings__genre")
# Characters of an excerpt; how many of them are seen in the narrowest card; and how many stand
# before the first word found.
_EXCERPT, _SEEN, _BEFORE = 220, 110, 40


class Piece(NamedTuple):
    """A part of an excerpt; `found` if it is what was looked for."""

    text: str
    found: bool


def query_words(query: str) -> list[str]:
    """Return the words that `query` asks for: at most ten, without NUL, which no text contains."""
    return query[:LONGEST_QUERY].replace("\0", "").split()[:_MOST_WORDS]


def matching(words: list[str]) -> Q:
    """Return the condition that every one of `words` stands in a story or its settings.

    In any capitals. By regular expressions, since LIKE in SQLite knows the capitals of ASCII only;
    so does PostgreSQL in a database whose locale is C.
    """
    condition = Q()
    for word in words:
        anywhere = Q()
        for field in _FIELDS:
            anywhere |= Q(**{f"{field}__iregex": re.escape(word)})
        condition &= anywhere
    return condition


def excerpt(text: str, words: list[str]) -> list[Piece]:
    """Return a story's beginning, or the place where the first of `words` stands in it."""
    text = " ".join(text.split())
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)
    first = pattern.search(text)
    start = 0
    if first and first.end() > _SEEN:
        start = _near(text, first.start() - 2 * _BEFORE, first.start() - _BEFORE)
    end = len(text)
    if end - start > _EXCERPT:
        end = _near(text, start + _EXCERPT - _BEFORE, start + _EXCERPT)
        # What was found is whole, also a sentence that was pasted and has no spaces.
        end = max(end, first.end() if first and first.start() < end else 0)
    pieces, place = [], start
    for match in pattern.finditer(text, start, end):
        pieces += [Piece(text[place : match.start()], False), Piece(match[0], True)]
        place = match.end()
    pieces.append(Piece(text[place:end], False))
    if start:
        pieces.insert(0, Piece("… ", False))
    if end < len(text):
        pieces.append(Piece("…" if text[end - 1] == " " else " …", False))
    return [piece for piece in pieces if piece.text]


def _near(text: str, least: int, most: int) -> int:
    """Return the last place from `least` to `most` behind a space; `most` where there is none."""
    return text.rfind(" ", max(0, least), max(0, most)) + 1 or max(0, most)
