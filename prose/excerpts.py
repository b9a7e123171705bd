"""The parts of a text that fit into a number of tokens, in whole sentences.

`count` estimates the tokens of a text, rather too many than too few.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from prose import sentences, words

TokenCount = Callable[[str], int]

# More characters than any text has in one token, in the mean: what is cut off is never looked at.
_MOST_CHARACTERS = 8


def last_sentences(text: str, tokens: int, count: TokenCount) -> str:
    """Return the end of `text` that takes `tokens` tokens at most."""
    if (share := _share(text, tokens, count)) >= 1:
        return text
    text = text[len(text) - int(share * len(text)) :]
    while text and count(text) > tokens:  # where it is dearer than in the mean
        text = text[len(text) // 8 + 1 :]
    # Where no sentence begins in it, at least no word is cut.
    return sentences.from_next_sentence(text) or _without_first_word(text)


def first_sentences(text: str, tokens: int, count: TokenCount) -> str:
    """Return the beginning of `text` that takes `tokens` tokens at most."""
    if (share := _share(text, tokens, count)) >= 1:
        return text
    text = text[: int(share * len(text))]
    while text and count(text) > tokens:
        text = text[: -(len(text) // 8 + 1)]
    return sentences.whole_sentences(_without_last_word(text), len(text))


def parts(text: str, tokens: int, count: TokenCount) -> Iterator[str]:
    """Yield all of `text`, one part of `tokens` tokens at most after the other."""
    place, most = 0, tokens * _MOST_CHARACTERS
    while place < len(text):
        rest = text[place : place + most]
        # A row of letters without a space ends nowhere.
        part = first_sentences(rest, tokens, count) or rest[: max(1, tokens // 2)]
        yield part
        place += len(part)


def _without_first_word(text: str) -> str:
    """Return `text` from its second word on: the first may be half of one."""
    if not words.is_unspaced(text[:1]):
        return text.partition(" ")[2]
    [*_, (start, _)] = [(0, 0), *islice(words.spans(text), 2)]
    return text[start:]


def _without_last_word(text: str) -> str:
    """Return `text` up to its last word, which may be half of one."""
    if not words.is_unspaced(text[-1:]):
        return text.rpartition(" ")[0]
    [*_, (start, _)] = [(0, 0), *words.spans(text)]
    return text[:start]


def _share(text: str, tokens: int, count: TokenCount) -> float:
    """Return how much of `text` may be sent in `tokens` tokens, in parts of it."""
    needed = count(text)
    return tokens / needed if needed else 1.0
