"""Noticing that the model has come to the text after the passage, while it is still writing.

Models are asked to write up to a given text and often write it too. Words are compared without
capitals and punctuation, since they quote from memory. In scripts without spaces each character is
compared by itself: what a word is depends there on what stands before it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from prose import sentences, words

# Words of what follows that make it certain, and the fewest that do.
_MOST, _LEAST = 6, 3
# Characters held back, beyond twice those of the words waited for: signs that are no words can go
# on for ever.
_MOST_HELD = 240
# Inside a sentence, the next word or two must do: there the passage can end only before them.
_MOST_INSIDE = 2
# Of scripts without spaces, characters: two words may have one each, and stand anywhere.
_LEAST_UNSPACED = 4

_TOKEN = re.compile(rf"[{words.UNSPACED}]|[^\s{words.UNSPACED}]+")


def key(word: str) -> str:
    """Return what is compared of `word`: letters, digits and vowel signs, whatever their form."""
    folded = word.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded)
    return folded if folded.isalnum() else "".join(filter(_is_compared, folded))


def _is_compared(character: str) -> bool:
    """Tell whether `character` is no punctuation and no accent: those are forgotten easily."""
    if character.isalnum():
        return True
    category = unicodedata.category(character)
    return category == "Mc" or (category == "Mn" and _is_vowel(character))


def _is_vowel(sign: str) -> bool:
    return not unicodedata.combining(sign) and not 0xFE00 <= ord(sign) < 0xFE10


def keyed_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of `text` that have letters, as compared, with their start and end."""
    for match in _TOKEN.finditer(text):
        if word := key(match[0]):
            yield word, match.start(), match.end()


def opening(text: str, *, inside_sentence: bool) -> list[str]:
    """Return the words by which the beginning of `text` is known: of its first sentence if they
    are enough. Empty when there are none."""
    text = text[:400]
    told = [word for word, _, _ in keyed_words(text)]
    if words.is_unspaced("".join(told[:_MOST])):
        return told[: _characters(text, inside_sentence=inside_sentence)]
    if inside_sentence:
        return told[:_MOST_INSIDE]
    sentence = sentences.first_sentence(text)
    return told[:_MOST][: max(_LEAST, sum(1 for _ in keyed_words(sentence)))]


def _characters(text: str, *, inside_sentence: bool) -> int:
    """Return how many of `keyed_words` make as many words as `text` is known by."""
    most = _MOST_INSIDE
    if not inside_sentence:
        most = min(_MOST, max(_LEAST, words.count(sentences.first_sentence(text))))
    beginning = words.first(text, most)
    return max(_LEAST_UNSPACED, sum(1 for _ in keyed_words(beginning)))


class Lookout:
    """Takes in the model's text in pieces and gives out what certainly belongs to the passage.

    `ended` is set once the opening words of what follows have come; they and all that comes after
    them are never given out.
    """

    def __init__(self, following: Sequence[str]) -> None:
        self.ended = False
        self._following = list(following)
        self._held = ""
        self._most_held = _MOST_HELD + 2 * sum(map(len, following))

    def feed(self, text: str) -> str:
        """Take in `text`; return what can be shown by now."""
        return "" if self.ended else self._look(text, last=False)

    def rest(self) -> str:
        """Return what was held back, now that no more comes."""
        return "" if self.ended else self._look("", last=True)

    def _look(self, text: str, *, last: bool) -> str:
        self._held += text
        safe, self.ended = self._safe_length(open_end=not last and not self._held[-1:].isspace())
        if not self.ended and (last or len(self._held) - safe > self._most_held):
            safe = len(self._held)
        shown, self._held = self._held[:safe], self._held[safe:]
        return shown

    def _safe_length(self, *, open_end: bool) -> tuple[int, bool]:
        """Return up to where the held text is safe, and whether what follows begins there."""
        held = list(keyed_words(self._held)) if self._following else []
        for index, (word, start, _) in enumerate(held):
            if word != self._following[0] and index + 1 < len(held):
                continue  # the last one may be half a word
            found = [told for told, _, _ in held[index : index + len(self._following)]]
            # The last word may still be the beginning of a longer one.
            is_open = open_end and index + len(found) == len(held)
            if found == self._following and not is_open:
                return len(self._held[:start].rstrip()), True
            if self._may_become(found, is_open):
                return len(self._held[:start].rstrip()), False
        # White space and an opening quote belong to the word that comes.
        return (held[-1][2] if held else 0) if self._following else len(self._held), False

    def _may_become(self, found: list[str], is_open: bool) -> bool:
        """Tell whether `found`, words to the end of the text, can become what follows."""
        expected = self._following[: len(found)]
        if is_open:
            return found[:-1] == expected[:-1] and expected[-1].startswith(found[-1])
        return len(found) < len(self._following) and found == expected
