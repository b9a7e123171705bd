"""The length that a writer asked for, held to at the end of a sentence."""

import re

from stories import prompts

# The reasons for an end that is not the model's own.
CUT_SHORT = frozenset({"length", "words"})

_WORD = re.compile(r"\S+")
# A full stop after a title or an initial ends no sentence.
_SENTENCE_END = re.compile(
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\b[A-Z])[.!?…]+[\"'”’»)\]*_]*(?=\s|\Z)"
    # Scripts that put no space behind it, or end it with a mark of their own.
    r"|[。！？।؟۔]+[\"'”’»」』）)\]*_]*"
)
# Words that may go for the sake of a whole sentence.
_MOST_DROPPED = 40
# A continuation of a story that has its length already may still be this part of it.
_EXTRA_PART = 0.5


class WordCounter:
    """Counts the words of a text that comes in pieces, whose ends may lie inside a word."""

    def __init__(self) -> None:
        self.words = 0
        self._in_word = False

    def add(self, text: str) -> None:
        """Count the words that begin in `text`."""
        if not text:
            return
        joined = self._in_word and not text[0].isspace()
        self.words += len(text.split()) - joined
        self._in_word = not text[-1].isspace()


def word_limit(max_words: int, base: str) -> int:
    """Return how many words may be added to `base`: what is left, or half as much again."""
    left = max_words - len(base.split())
    return (
        left if left >= prompts.MIN_WORDS else max(prompts.MIN_WORDS, int(max_words * _EXTRA_PART))
    )


def ends_sentence(text: str) -> bool:
    """Tell whether `text` ends with the end of a sentence."""
    text = text.rstrip()
    return any(match.end() == len(text) for match in _SENTENCE_END.finditer(text))


def first_sentence(text: str) -> str:
    """Return the first sentence of `text`, or all of it when none ends."""
    match = _SENTENCE_END.search(text)
    return text[: match.end()] if match else text


def whole_sentences(text: str, max_words: int) -> str:
    """Return the longest beginning of `text` that has whole sentences and at most `max_words`.

    Where that would drop more than `_MOST_DROPPED` words (verse, a list, one long sentence), it
    ends with a whole line, or else with the last word that fits.
    """
    for count, word in enumerate(_WORD.finditer(text)):
        if count == max_words:
            text = text[: word.start()]
            break
    text = text.rstrip()
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    for end in (ends[-1] if ends else 0, text.rfind("\n") + 1):
        if end and len(text[end:].split()) <= _MOST_DROPPED:
            return text[:end].rstrip()
    return text
