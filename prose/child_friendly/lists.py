"""The word lists: what of them stands in a row of words, whatever their inflection.

An entry is a row of words ("tired of being alive"), or several such near each other ("needle +
vein"); `@body` stands for any word of a class. `!` before an entry: it is enough by itself. `?`: it
is a hint, and no more. What `harmless.txt` finds ("killed the lights") is left out first.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from prose import languages, words

# The files' names, and what the writer reads.
CATEGORIES = {
    "violence": "violence",
    "fear": "fear",
    "sexual": "sexual content",
    "slurs": "insults and slurs",
    "self_harm": "self-harm",
    "drugs": "drugs and alcohol",
}
_LISTS = Path(__file__).with_name("lists")
_ROT13 = "slurs"
# Words between two that are near each other, at most.
_NEAR = 8
_STARRED = "f***"
# A word of which stars hide a part, and any other.
_WORD = re.compile(r"(?<![\w*])(?:[a-z]{1,2}\*{2,9}[a-z]{0,9}|[a-z]\*[a-z]{1,9})|\w++(?:'\w++)*+")
_GONE = ""  # a word that harmless company has taken the harm from

Part = tuple[frozenset[str], ...]  # stems, any of which may stand in a place


@dataclass(frozen=True)
class Entry:
    """An entry of the list of a category; all its parts stand near the first one."""

    category: str
    strength: str  # "!", "" or "?"
    parts: tuple[Part, ...]

    def places(self, stems: list[str]) -> list[int]:
        """Return the places of the words that it is found by; empty if it isn't in `stems`."""
        first = list(_places(self.parts[0], stems))
        for part in self.parts[1:]:
            others = list(_places(part, stems)) if first else []
            near = [(a, b) for a in first for b in others if 0 < abs(a - b) <= _NEAR]
            first = sorted({place for pair in near for place in pair})
        return first


def _places(part: Part, stems: list[str]) -> Iterator[int]:
    for place, stem in enumerate(stems):
        if (
            stem in part[0]
            and all(
                stem in wanted for stem, wanted in zip(stems[place + 1 :], part[1:], strict=False)
            )
            and place + len(part) <= len(stems)
        ):
            yield from range(place, place + len(part))


def stems_of(text: str) -> list[str]:
    """Return the stems of the words of `text`; one with stars in it is the same as any other."""
    return [
        _STARRED if "*" in word else languages.stem(word, languages.ENGLISH)
        for word in _WORD.findall(words.folded(text))
    ]


def without_harmless(stems: list[str]) -> list[str]:
    """Return `stems` with nothing in the places of what is harmless in its company."""
    gone = {place for entry in _found(stems, _harmless()) for place in entry.places(stems)}
    return [_GONE if place in gone else stem for place, stem in enumerate(stems)]


def entries_in(stems: list[str]) -> list[Entry]:
    """Return the entries of all categories that stand in `stems`."""
    return [entry for entry in _found(stems, _harmful()) if entry.places(stems)]


@cache
def classes() -> dict[str, frozenset[str]]:
    """Return the stems of each class, by its name with the sign before it."""
    rows = (line.split(maxsplit=1) for line in _lines("classes"))
    return {name: frozenset(stems_of(told)) for name, told in rows}


@lru_cache(10_000)
def classes_of(stem: str) -> tuple[str, ...]:
    """Return the names of the classes that `stem` belongs to."""
    return tuple(name for name, stems in classes().items() if stem in stems)


Index = dict[str, list[Entry]]  # by each stem that an entry may begin with


def _found(stems: list[str], index: Index) -> Iterator[Entry]:
    """Yield, once each, the entries that may stand in `stems`."""
    yield from {
        id(entry): entry for stem in dict.fromkeys(stems) for entry in index.get(stem, ())
    }.values()


@cache
def _harmless() -> Index:
    return _indexed(_entries("harmless"))


@cache
def _harmful() -> Index:
    return _indexed(entry for name in CATEGORIES for entry in _entries(name))


def _indexed(entries: Iterable[Entry]) -> Index:
    index: Index = {}
    for entry in entries:
        for stem in entry.parts[0][0]:
            index.setdefault(stem, []).append(entry)
    return index


def _entries(name: str) -> Iterator[Entry]:
    for line in _lines(name):
        strength = line[0] if line[0] in "!?" else ""
        parts = line.removeprefix(strength).split(" + ")
        yield Entry(name, strength, tuple(map(_part, parts)))


def _part(told: str) -> Part:
    return tuple(
        stems
        for word in told.split()
        for stems in (
            [classes()[word]] if word[0] == "@" else [frozenset({stem}) for stem in stems_of(word)]
        )
    )


def _lines(name: str) -> Iterator[str]:
    for line in (_LISTS / f"{name}.txt").read_text().splitlines():
        if line and line[0] != "#":
            yield codecs.decode(line, "rot13") if name == _ROT13 else line
