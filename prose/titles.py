"""Suggested titles, made from the settings: a library must be readable before anyone edits it."""

import re
import unicodedata

from prose import words
from prose.settings import split_list

_LONGEST = 120  # characters
_NUMBER = re.compile(r"\d+")
_SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"}


def suggest_title(main_characters: str, keywords: str) -> str:
    """Return a title of at most 120 characters, such as "Anna and the Old Lighthouse"."""
    characters = split_list(main_characters)
    keyword_list = split_list(keywords)
    if not characters or not keyword_list:
        return (characters or [_headline(keyword) for keyword in keyword_list] or [""])[0][
            :_LONGEST
        ]
    return f"{characters[0]} and the {_headline(keyword_list[0])}"[:_LONGEST]


def _headline(text: str) -> str:
    """Capitalise the words of a keyword that a title would; capitals that stand stay."""
    pieces = text.removeprefix("the ").removeprefix("The ").split()
    return " ".join(
        word if index and word in _SMALL_WORDS else word[:1].upper() + word[1:]
        for index, word in enumerate(pieces)
    )


def sort_key(title: str) -> str:
    """Return what sorts `title` where a reader looks for it: without capitals and accents.

    "Chapter 10" comes behind "Chapter 9".
    """
    apart = unicodedata.normalize("NFD", words.folded(title[:_LONGEST]))
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return _NUMBER.sub(lambda number: number[0].zfill(_LONGEST), bare)
