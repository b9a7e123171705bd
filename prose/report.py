"""How well a story kept to its settings: counted, not judged."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypedDict

import snowballstemmer

from prose import sentences
from prose.settings import Settings

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_STEMMER = snowballstemmer.stemmer("english")
# Letters; what is longer is no English word, and its stem would take long.
_LONGEST_WORD = 40
# Shorter ones, such as "Yes.", may well be said twice.
_MIN_REPEATED_LENGTH = 20


class StoryReport(TypedDict):
    """A finished story beside its settings."""

    words: int
    max_words: int
    characters_found: list[str]
    characters_missing: list[str]
    keywords_found: list[str]
    keywords_missing: list[str]
    whole_end: bool
    repeated_sentences: int


def story_report(text: str, settings: Settings) -> StoryReport:
    """Return the report on `text`; names and keywords are looked for in any capitals."""
    characters, keywords = settings.character_list, settings.keyword_list
    there = _those_in(text, (*characters, *keywords))
    return StoryReport(
        words=len(text.split()),
        max_words=settings.max_words,
        characters_found=[name for name in characters if name in there],
        characters_missing=[name for name in characters if name not in there],
        keywords_found=[keyword for keyword in keywords if keyword in there],
        keywords_missing=[keyword for keyword in keywords if keyword not in there],
        whole_end=sentences.ends_sentence(text),
        repeated_sentences=_repeated_sentences(text),
    )


def contains(text: str, phrase: str) -> bool:
    """Tell whether `phrase` stands in `text`, in any capitals and in any inflected form.

    Words are compared by their English stems (Snowball), hyphens count as spaces.
    """
    return phrase in _those_in(text, (phrase,))


def _those_in(text: str, phrases: tuple[str, ...]) -> set[str]:
    wanted = {phrase: [_stem(word) for word in _words(phrase)] for phrase in phrases}
    # Stemming takes long, and most words are none of these.
    beginnings = tuple({_beginning(stem) for stems in wanted.values() for stem in stems})
    told = _row(
        # "Dying" is the one kind that begins in another way than its stem does.
        _stem(word) if word.startswith(beginnings) or word[1:5] == "ying" else word
        for word in _words(text)
    )
    return {
        phrase
        for phrase, stems in wanted.items()
        # No letters at all, such as "100%" or an emoji.
        if (_row(stems) in told if stems else phrase.strip() in text)
    }


def _beginning(stem: str) -> str:
    """Return what all words of `stem` begin with: "citi" has another letter than "city"."""
    return stem[: max(1, len(stem) - 1)]


def _row(words: Iterable[str]) -> str:
    """Return `words` as a text in which some of them in a row are found like any other text."""
    return f" {' '.join(words)} "


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


@lru_cache(maxsize=20_000)  # stories use the same words over and over
def _stem(word: str) -> str:
    stem: str = _STEMMER.stemWord(word) if len(word) <= _LONGEST_WORD else word
    return stem


def _repeated_sentences(text: str) -> int:
    told = [text[start:end].lower() for start, end in sentences.sentences(text)]
    long_ones = [sentence for sentence in told if len(sentence) >= _MIN_REPEATED_LENGTH]
    return len(long_ones) - len(set(long_ones))
