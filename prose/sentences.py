"""Where a sentence ends: the one place that knows. And the length that a writer asked for, held to
at the end of one.
"""

import re
from collections.abc import Iterator

from prose import prompts

# The reasons for an end that is not the model's own.
CUT_SHORT = frozenset({"length", "words", "repeat"})

_WORD = re.compile(r"\S+")
_STOPS, _CLOSING = ".!?…", "\"'”’»)]*_"
# Of scripts that put no space behind it, or end it with a mark of their own.
_MARKS, _MARKS_CLOSING = "。！？।؟۔", "\"'”’»」』）)]*_"
# A full stop after a title or an initial ends no sentence; several do. An end begins where its row
# of signs does and gives none of them back: else a text of full stops takes its length squared.
_SENTENCE_END = re.compile(
    rf"[{_STOPS}{_MARKS}](?:"
    rf"(?<=[{_STOPS}])(?<![{_STOPS}]{{2}})"
    rf"(?:[{_STOPS}]++|(?<!\bMr.)(?<!\bMrs.)(?<!\bMs.)(?<!\bDr.)(?<!\bSt.)(?<!\b[A-Z].))"
    rf"[{re.escape(_CLOSING)}]*+(?=\s|\Z)"
    rf"|(?<=[{_MARKS}])(?<![{_MARKS}]{{2}})[{_MARKS}]*+[{re.escape(_MARKS_CLOSING)}]*+)"
)
# Words that may go for the sake of a whole sentence.
_MOST_DROPPED = 40
# The white space after a sentence, once it is clear that another one follows.
_NEXT_SENTENCE = re.compile(_SENTENCE_END.pattern + r"(\s++)(?=(\S))")
_FIRST_SIGNS = '"“‘«—'
# Characters before a piece of text in which a sentence's end still matters, the white space too.
_LOOK_BACK = 64
# A continuation of a story that has its length already may still be this part of it.
_EXTRA_PART = 0.5


class Goal:
    """Finds the sentence with which a text that comes in pieces has as many words as are wanted.

    A sentence ends where the next one begins, with a capital or a quotation mark: “Go!” she said.
    """

    def __init__(self, words: int) -> None:
        self.reached = False
        self._wanted = words
        self._counter = WordCounter()
        self._before = ""  # the last of what came

    def cut(self, text: str) -> str:
        """Return so much of `text`, the next piece, as belongs to it."""
        known, counted, whole = len(self._before), 0, self._before + text
        for match in _NEXT_SENTENCE.finditer(whole):
            if match.end() < known:
                continue  # seen with an earlier piece
            # An end that is only seen now may lie in an earlier piece, by its white space.
            end, sign = max(0, match.start(1) - known), match[2]
            self._counter.add(text[counted:end])
            counted = max(counted, end)
            begins = sign.isupper() or sign in _FIRST_SIGNS
            if begins and self._counter.words >= self._wanted:
                self.reached = True
                return text[:end]
        self._counter.add(text[counted:])
        self._before = whole[-_LOOK_BACK:]
        return text


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
    inner = text.rstrip(_MARKS_CLOSING)
    start = len(inner.rstrip(_STOPS if inner[-1:] in _STOPS else _MARKS))
    return _SENTENCE_END.fullmatch(text, start) is not None


def can_begin_after(text: str) -> bool:
    """Tell whether a sentence can begin where `text` ends: behind another one, or in a new line."""
    before = text.rstrip()
    return not before or "\n" in text[len(before) :] or ends_sentence(before)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each sentence of `text`, without the white space between them."""
    start = 0
    for end in [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]:
        start = end - len(text[start:end].lstrip())
        if start < end:
            yield start, end
        start = end


def first_sentence(text: str) -> str:
    """Return the first sentence of `text`, or all of it when none ends."""
    match = _SENTENCE_END.search(text)
    return text[: match.end()] if match else text


def from_next_sentence(text: str) -> str:
    """Return `text` from where a sentence begins in it, or a line; empty when none does."""
    match = _SENTENCE_END.search(text)
    places = [place for place in (match.end() if match else -1, text.find("\n")) if place >= 0]
    return text[min(places) :].lstrip() if places else ""


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
