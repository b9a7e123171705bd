"""What a word is: the one place that knows, for every script. The page counts by the same rule.

A word is a segment of Unicode's word rules (UAX #29, as ICU has them, with its dictionaries for
scripts without spaces) in which there is a letter or a digit. "Well-kept" is two, a dash is none.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import islice

from icu4py.breakers import WordBreaker

# The rules are the same whatever the reader's language; `static/js/common/words.js` has it too.
_LOCALE = "en"
# Of a regular expression's class: letters of scripts that put no space between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u3096\u3099-\u30fa"
    "\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff66-\uff9f"
    "\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
)
# The same without those of Thailand's neighbourhood, whose punctuation has a space behind it.
_WIDE = re.compile("[\u2e80-\u303f\u3041-\u312f\u31a0-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\ufe30-\ufe4f"
                   "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff9f\U0001aff0-\U0001b16f"
                   "\U00020000-\U0003fffd]")  # fmt: skip
_UNSPACED = re.compile(f"[{UNSPACED}]")
# A text of nothing else is read by a regular expression that says the same, three times as fast.
_LETTERS = "A-Za-zÀ-ÖØ-öø-ʯͰ-ͳͶͷͻ-ͽΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯ"
_PLAIN = re.compile(rf"[{_LETTERS}0-9 \t\n\xa0!?.,;'’‘\"“”„«»()\[\]{{}}*/&%#@$+=<>~|–—…-]*")
_PLAIN_WORD = re.compile(r"\w++(?:(?<=\D)['’‘.](?=[^\W\d])\w++|(?<=\d)['’‘.,;](?=\d)\w++)*+")
# White space, and what opens the word behind it.
_BEFORE_WORD = " \t\n\r\x0b\x0c\x85\xa0\u2028\u2029\u202f\u3000([{“‘„«‹「『《〈【（"
_SURROGATE = re.compile("[\ud800-\udfff]")
# Between what stands before and behind one of them there is no word.
_APART = frozenset(" \t\n\r\u3000。！？、")
# Characters up to which the end of a text is counted again with what comes behind it.
_MOST_OPEN = 512


def count(text: str) -> int:
    """Return how many words `text` has."""
    if _PLAIN.fullmatch(text):
        return len(_PLAIN_WORD.findall(text))
    return sum(map(_is_word, _segments(text)))


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each word of `text`, in code points."""
    if _PLAIN.fullmatch(text):
        for match in _PLAIN_WORD.finditer(text):
            yield match.span()
        return
    start = 0
    for segment in _segments(text):
        end = start + len(segment)
        if _is_word(segment):
            yield start, end
        start = end


def _segments(text: str) -> Iterator[str]:
    if _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)  # half a character is not known to ICU
    return iter(WordBreaker(text, _LOCALE))


def _is_word(segment: str) -> bool:
    return segment.isalnum() or (len(segment) > 1 and any(map(str.isalnum, segment)))


def first(text: str, most: int) -> str:
    """Return `text` up to the end of its first `most` words, if it has more.

    What is tied to the next word, such as the hyphen of "well-kept", goes with it.
    """
    beyond = next(islice(spans(text), max(most, 0), None), None)
    if beyond is None:
        return text
    end = beyond[0]
    while end and not text[end - 1].isspace() and not is_unspaced(text[end - 1 : end + 1]):
        end -= 1
    # A row of signs and letters without any space is cut where it has to be.
    return text[: end or beyond[0]].rstrip(_BEFORE_WORD)


class Counter:
    """Counts the words of a text that comes in pieces, whose ends may lie inside a word.

    What the last characters are is only known with those that follow them: they are counted anew.
    """

    def __init__(self) -> None:
        self._counted = 0
        self._open = ""  # what is not counted yet
        self._waiting: list[str] = []  # and not looked at
        self._length = 0  # of both, in characters

    def add(self, text: str) -> None:
        """Take in `text`, the next piece."""
        self._waiting.append(text)
        self._length += len(text)

    def exceeds(self, most: int) -> bool:
        """Tell whether more than `most` words came; they are counted only where it may be so.

        No word is shorter than a character: counted piece by piece, a stream would pay for each.
        """
        return self._counted + self._length > most and self.words > most

    def _look(self) -> None:
        text = "".join(self._waiting)
        self._waiting.clear()
        self._open += text
        # A mark belongs to the sign that it follows, a space too.
        for place in range(len(self._open) - 1, max(0, len(self._open) - len(text)) - 1, -1):
            if self._open[place] in _APART:
                self._close(place + 1)
                return
        if len(self._open) > _MOST_OPEN:
            [*_, (last, _)] = [(0, 0), *spans(self._open)]  # it may go on
            self._close(last or len(self._open))

    def _close(self, place: int) -> None:
        self._counted += count(self._open[:place])
        self._open = self._open[place:]
        self._length = len(self._open)

    @property
    def words(self) -> int:
        """How many words came by now."""
        if self._waiting:
            self._look()
        return self._counted + (count(self._open) if self._open else 0)


def is_unspaced(text: str) -> bool:
    """Tell whether `text` has a letter of a script that puts no space between words."""
    return _UNSPACED.search(text) is not None


def is_wide(character: str) -> bool:
    """Tell whether `character` is a letter or sign of Chinese or Japanese: no space is about it."""
    return _WIDE.match(character) is not None


# ---- To be compared ----

# Points and lengthenings that a writer of Hebrew or Arabic may leave out; then joiners.
_LEFT_OUT = dict.fromkeys(
    (*range(0x0591, 0x05C8), *range(0x0610, 0x061B), 0x0640, *range(0x064B, 0x0660), 0x0670,
     *range(0x06D6, 0x06DD), 0x00AD, *range(0x200B, 0x2010), 0x2060, 0xFE0E, 0xFE0F)
)  # fmt: skip
del _LEFT_OUT[0x05BE]  # Hebrew's hyphen
_SAME = {ord("’"): "'", ord("‘"): "'", ord("ʼ"): "'", ord("＇"): "'", ord("ı"): "i", ord("־"): "-"}


def folded(text: str) -> str:
    """Return `text` in the one form in which it is compared, whatever keyboard it comes from.

    Without capitals (also those of Turkish) and without optional points; composed, and wide and
    other forms of a character are one (NFKC).
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return text.translate(_LEFT_OUT | _SAME).replace("i\u0307", "i")


def folded_words(text: str) -> Iterator[str]:
    """Yield the words of `text`, folded."""
    if _PLAIN.fullmatch(text):
        return map(folded, _PLAIN_WORD.findall(text))
    return map(folded, filter(_is_word, _segments(text)))


@cache
def marks() -> str:
    """Return all combining marks of the first plane, as part of a regular expression's class.

    They belong to the word that they stand in, and are no letters to `re`.
    """
    is_mark = [unicodedata.category(chr(code))[0] == "M" for code in range(0x10000)]
    return "".join(chr(code) for code, found in enumerate(is_mark) if found)
