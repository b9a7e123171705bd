"""How well a story kept to its settings: counted, not judged."""

import re
from functools import lru_cache
from typing import TypedDict

import snowballstemmer

from prose import prompts

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]+[\"'”’»)\]]*")
_WHOLE_END = re.compile(r"[.!?…][\"'”’»)\]*_]*\Z")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_STEMMER = snowballstemmer.stemmer("english")
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


def story_report(text: str, settings: prompts.PromptSettings) -> StoryReport:
    """Return the report on `text`; names and keywords are looked for in any capitals."""
    characters = prompts.split_list(settings.main_characters)
    keywords = prompts.split_list(settings.keywords)
    stems = _stems(text)
    there = {phrase: _contains(text, stems, phrase) for phrase in (*characters, *keywords)}
    return StoryReport(
        words=len(text.split()),
        max_words=settings.max_words,
        characters_found=[name for name in characters if there[name]],
        characters_missing=[name for name in characters if not there[name]],
        keywords_found=[keyword for keyword in keywords if there[keyword]],
        keywords_missing=[keyword for keyword in keywords if not there[keyword]],
        whole_end=bool(_WHOLE_END.search(text.rstrip())),
        repeated_sentences=_repeated_sentences(text),
    )


def contains(text: str, phrase: str) -> bool:
    """Tell whether `phrase` stands in `text`, in any capitals and in any inflected form.

    Words are compared by their English stems (Snowball), hyphens count as spaces.
    """
    return _contains(text, _stems(text), phrase)


def _contains(text: str, stems: list[str], phrase: str) -> bool:
    wanted = _stems(phrase)
    if not wanted:
        return phrase.strip() in text  # no letters at all, such as "100%" or an emoji
    return any(
        stems[start : start + len(wanted)] == wanted
        for start, stem in enumerate(stems)
        if stem == wanted[0]
    )


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower().replace("’", "'"))]


@lru_cache(maxsize=20_000)  # stories use the same words over and over
def _stem(word: str) -> str:
    stem: str = _STEMMER.stemWord(word)
    return stem


def _repeated_sentences(text: str) -> int:
    sentences = [sentence.strip().lower() for sentence in _SENTENCE.findall(text)]
    long_ones = [sentence for sentence in sentences if len(sentence) >= _MIN_REPEATED_LENGTH]
    return len(long_ones) - len(set(long_ones))
