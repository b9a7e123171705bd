"""The tokens that BERT's uncased models read: WordPiece, as its authors describe it.

Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019; the rules are those of
the reference code (google-research/bert, `tokenization.py`).
"""

import re
import unicodedata

# Words, and every other sign alone. What Chinese writes is a word a sign.
_PIECES = re.compile(r"[^\W_\u3400-\u9fff]+|[^\s]")
_LONGEST_WORD = 100  # characters; what is longer is unknown


class WordPiece:
    """Cuts texts into tokens of `vocabulary`, a number by each token."""

    def __init__(self, vocabulary: dict[str, int]) -> None:
        self._numbers = vocabulary
        self._unknown = vocabulary["[UNK]"]
        self._first, self._last = vocabulary["[CLS]"], vocabulary["[SEP]"]

    def numbers(self, text: str, most: int) -> list[int]:
        """Return the tokens of `text` by their numbers, `most` of them, the two at the ends too."""
        found: list[int] = [self._first]
        for word in _PIECES.findall(_plain(text)):
            found += self._word(word)
            if len(found) >= most:
                break
        return [*found[: most - 1], self._last]

    def _word(self, word: str) -> list[int]:
        """Return the longest known pieces of `word`, from its beginning on."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        found, start = [], 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((each for each in ends if mark + word[start:each] in self._numbers), 0)
            if not end:
                return [self._unknown]
            found.append(self._numbers[mark + word[start:end]])
            start = end
        return found


def _plain(text: str) -> str:
    """Return `text` in small letters, without accents."""
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in apart if unicodedata.category(sign) != "Mn")
