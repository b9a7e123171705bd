"""Suggested titles, made from the settings: a library must be readable before anyone edits it."""

import re
import unicodedata

from prose import sentences, words
from prose.settings import Settings

_LONGEST = 120  # characters
# Characters of what should happen that make a title.
_LONGEST_BEGINNING = 60
# Genres that are called as a story of them is.
_STORIES = {"Biography", "Comedy", "Drama", "Romance", "Thriller", "Tragedy"}
_NUMBER = re.compile(r"\d+")
_SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"}


def suggest_title(settings: Settings) -> str:
    """Return a title of at most 120 characters, such as "Anna and the Old Lighthouse".

    Where neither names nor keywords are given, it is the beginning of what should happen, or else
    the kind of story. In a title of another language than English no English word joins them, and
    keywords stand as they are; its kind is the bare name of the genre.
    """
    names, keywords = settings.character_list, settings.keyword_list
    if names or keywords:
        if settings.language:
            return " – ".join([*names[:1], *keywords[:1]])[:_LONGEST]
        return " and the ".join([*names[:1], *map(_headline, keywords[:1])])[:_LONGEST]
    if settings.premise:
        return _beginning(settings.premise)
    if settings.language:
        return settings.genre
    return settings.genre if settings.genre in _STORIES else f"{settings.genre} story"


def _beginning(premise: str) -> str:
    """Return the first sentence of `premise`, or as many whole words as a title has room for."""
    line = premise.strip().split("\n", 1)[0]
    first = next((line[start:end] for start, end in sentences.sentences(line)), line).strip()
    title = first.rstrip(".。।") if len(first) <= _LONGEST_BEGINNING else _cut(first)
    return title[:1].upper() + title[1:]


def _cut(text: str) -> str:
    room = text[:_LONGEST_BEGINNING]
    return f"{(room.rpartition(' ')[0] or room).rstrip(',;:')}…"


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
