"""How well a story kept to its settings: counted, not judged."""

import re
from typing import TypedDict

from stories import prompts

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]+[\"'”’»)\]]*")
_WHOLE_END = re.compile(r"[.!?…][\"'”’»)\]*_]*\Z")
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
    return StoryReport(
        words=len(text.split()),
        max_words=settings.max_words,
        characters_found=[name for name in characters if contains(text, name)],
        characters_missing=[name for name in characters if not contains(text, name)],
        keywords_found=[keyword for keyword in keywords if contains(text, keyword)],
        keywords_missing=[keyword for keyword in keywords if not contains(text, keyword)],
        whole_end=bool(_WHOLE_END.search(text.rstrip())),
        repeated_sentences=_repeated_sentences(text),
    )


def contains(text: str, phrase: str) -> bool:
    """Tell whether `phrase` stands in `text` as whole words, plural and possessive included."""
    pattern = rf"(?<!\w){re.escape(phrase)}(?:s|es|['’]s?)?(?!\w)"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _repeated_sentences(text: str) -> int:
    sentences = [sentence.strip().lower() for sentence in _SENTENCE.findall(text)]
    long_ones = [sentence for sentence in sentences if len(sentence) >= _MIN_REPEATED_LENGTH]
    return len(long_ones) - len(set(long_ones))
