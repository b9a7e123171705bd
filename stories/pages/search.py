"""Finding stories by words, and the place in a text that shows why one was found."""

import re
import unicodedata
from collections import defaultdict
from functools import cache, lru_cache
from typing import NamedTuple

from django.db.models import Q

from prose.emphasis import signs

# What a person types; the rest of a pasted page finds nothing more.
LONGEST_QUERY = 200  # characters
_MOST_WORDS = 10
# Of a word, what is looked for: at each place of a text, all of it may have to be compared.
LONGEST_WORD = 40  # characters
_FIELDS = (
    *("title", "text", "settings__main_characters", "settings__keywords", "settings__genre"),
    "settings__premise",
)
# Characters of an excerpt; how many of them are seen in the narrowest card; and how many stand
# before the first word found.
_EXCERPT, _SEEN, _BEFORE = 220, 110, 40
# What a keyboard has one key for, and a story several characters.
_QUOTES = ("'’‘", '"“”„')
_MARKS = "[\u0300-\u036f]*"
# Letters that are forms of another and that Unicode does not take apart.
_FORMS = {"d": "đ", "D": "Đ", "h": "ħ", "H": "Ħ", "i": "ı", "l": "ł", "L": "Ł", "o": "ø", "O": "Ø",
          "ß": "ẞ", "σ": "ς"}  # fmt: skip


class Piece(NamedTuple):
    """A part of an excerpt; `found` if it is what was looked for."""

    text: str
    found: bool


def query_words(query: str) -> list[str]:
    """Return the words that `query` asks for: at most ten, without NUL, which no text contains.

    Of a longer word than any language's, or a sentence of a script without spaces, the beginning.
    """
    words = query[:LONGEST_QUERY].replace("\0", "").split()[:_MOST_WORDS]
    return [word[:LONGEST_WORD] for word in words]


def matching(words: list[str]) -> Q:
    """Return the condition that every one of `words` stands in a story or its settings."""
    condition = Q()
    for word in words:
        anywhere = Q()
        for field in _FIELDS:
            anywhere |= Q(**{f"{field}__regex": _pattern(word)})
        condition &= anywhere
    return condition


def _pattern(word: str) -> str:
    """Return a regular expression for `word` in any capitals, which knows how texts are typed.

    "zoe" finds "Zoë", whether its ë is one character or two; "ë" finds no e. All said in the
    expression: which capitals a database knows depends on its kind and locale.
    """
    typed, composed = (
        "".join(map(_character, form)) for form in (word, unicodedata.normalize("NFC", word))
    )
    # Not only for what can be composed: some characters Unicode takes apart for good.
    return typed if typed == composed else f"(?:{composed}|{typed})"


@lru_cache(maxsize=4096)
def _character(character: str) -> str:
    for quotes in _QUOTES:
        if character in quotes:
            return f"[{quotes}]"
    if not character.isalpha():
        return re.escape(character)
    # The one small letter of two characters is that of İ.
    small, large = character.lower()[0], character.upper()
    forms = {form for form in (character, small, large, large.lower()) if len(form) == 1}
    taken_apart = {unicodedata.normalize("NFD", form) for form in forms} - forms
    if taken_apart:
        return f"(?:{'|'.join(sorted(forms | taken_apart))})"
    forms.update(*(_marked().get(form, ()) for form in tuple(forms)))
    return f"[{''.join(sorted(forms))}]{_MARKS}"


@cache
def _marked() -> dict[str, set[str]]:
    """Return the forms of Latin, Greek and Cyrillic letters, mostly with marks, by the bare one."""
    marked = defaultdict(set, {bare: set(form) for bare, form in _FORMS.items()})
    for code in (*range(0xC0, 0x530), *range(0x1E00, 0x2000)):
        apart = unicodedata.normalize("NFD", chr(code))
        if len(apart) > 1:
            marked[apart[0]].add(chr(code))
    return marked


def excerpt(text: str, words: list[str]) -> list[Piece]:
    """Return a story's beginning, or the place where the first of `words` stands in it."""
    text = " ".join(signs.plain(text).split())
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)")
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
