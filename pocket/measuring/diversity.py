"""How much stories differ from each other: counted over sets of texts."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from prose import words

GRAM = 4  # words
OPENING = 5
WORDS = 25_000  # of a set that is looked at, so that sets can be compared


class Diversity(TypedDict):
    """Shares, from 0 to 1."""

    distinct_4grams: float  # of the 4-grams, those that occur once
    words: int  # in which they were counted
    openings_twice: float  # of the stories, those that begin with another one's five words
    nearest: float  # of a story's 4-grams, those that the one most like it has too


def diversity(stories: Sequence[str], most_words: int = WORDS) -> Diversity | None:
    """Return how `stories` differ, or None where there are none."""
    told = [told for story in sorted(stories, key=_order) if (told := _words(story))]
    if not told:
        return None
    counted = _first(told, most_words)
    found = Counter(gram for story in counted for gram in _grams(story))
    total = sum(found.values())
    openings = Counter(tuple(story[:OPENING]) for story in told)
    twice = sum(count for count in openings.values() if count > 1)
    return Diversity(
        distinct_4grams=sum(1 for count in found.values() if count == 1) / total if total else 1.0,
        words=sum(map(len, counted)),
        openings_twice=twice / len(told),
        nearest=_nearest(counted),
    )


def _order(story: str) -> str:
    """Return what mixes stories of several writers, always in the same way."""
    return hashlib.sha256(story.encode()).hexdigest()


def _words(text: str) -> list[str]:
    return [text[start:end].casefold() for start, end in words.spans(text)]


def _first(told: Sequence[list[str]], most: int) -> list[list[str]]:
    """Return so many of the stories as have `most` words; the last may be cut."""
    kept = []
    for story in told:
        kept.append(story[:most])
        most -= len(story)
        if most <= 0:
            break
    return kept


def _grams(told: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(told[place : place + GRAM]) for place in range(len(told) - GRAM + 1)]


def _nearest(told: Sequence[list[str]]) -> float:
    """Return the mean over the stories of what the one most like it has of its 4-grams."""
    sets = [set(_grams(story)) for story in told]
    holders: dict[tuple[str, ...], list[int]] = {}
    for place, grams in enumerate(sets):
        for gram in grams:
            holders.setdefault(gram, []).append(place)
    shares = []
    for place, grams in enumerate(sets):
        common = Counter(other for gram in grams for other in holders[gram] if other != place)
        shares.append(max(common.values(), default=0) / len(grams) if grams else 0.0)
    return sum(shares) / len(shares)
