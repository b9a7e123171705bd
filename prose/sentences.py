"""Where a sentence ends: the one place that knows, for every script. And the length that a writer
asked for, held to at the end of one.
"""

import re
import unicodedata
from collections.abc import Iterator

from prose import prompts, words

# The reasons for an end that is not the model's own.
CUT_SHORT = frozenset({"length", "words", "repeat"})

_STOPS = ".!?…‥．․"
# Of scripts that put no space behind it, or end it with a mark of their own: Unicode's property
# Sentence_Terminal, and what Tibetan ends a clause with.
_RARE = (
    "\U00010a56\U00010a57\U00010f55-\U00010f59\U00010f86-\U00010f89\U00011047\U00011048"
    "\U000110be-\U000110c1\U00011141-\U00011143\U000111c5\U000111c6\U000111cd\U000111de\U000111df"
    "\U00011238\U00011239\U0001123b\U0001123c\U000112a9\U000113d4\U000113d5\U0001144b\U0001144c"
    "\U000115c2\U000115c3\U000115c9-\U000115d7\U00011641\U00011642\U0001173c-\U0001173e\U00011944"
    "\U00011946\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011c41\U00011c42\U00011ef7\U00011ef8"
    "\U00011f43\U00011f44\U00016a6e\U00016a6f\U00016af5\U00016b37\U00016b38\U00016b44\U00016d6e"
    "\U00016d6f\U00016e98\U0001bc9f\U0001da88"
)
_COMMON = (
    "\u0589\u061d-\u061f\u06d4\u0700-\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u0f0d\u0f0e"
    "\u104a\u104b\u1362\u1367\u1368\u166e\u1735\u1736\u17d4\u17d5\u1803\u1809\u1944\u1945\u1aa8-\u1aab"
    "\u1b4e\u1b4f\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d-\u1b7f\u1c3b\u1c3c\u1c7e\u1c7f\u203c\u203d\u2047-\u2049"
    "\u2cf9-\u2cfb\u2e2e\u2e3c\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf"
    "\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb\ufe12\ufe15\ufe16\ufe52\ufe56\ufe57\uff01\uff1f"
    "\uff61"
)
_MARKS = _COMMON + _RARE
# Thai and Lao have none: there it ends with a space, or the line.
_BARE = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e5a\u0e81-\u0ece"
# A Greek question's mark is a semicolon everywhere else.
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
# What closes a quotation, a bracket or an emphasis; what opens one in some languages and closes it
# in others; and the spaces that French has before its own.
_CLOSING = "\"'”’»›)]}*_」』】》〉〕〗〙〛｣）］｝﹂﹄"
_EITHER = "“‘«‹"
_FRENCH = " \xa0\u202f"
_CAPITAL = "A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ"
# Behind an exclamation or a question in ASCII's signs, Chinese and Japanese go on at once.
_WIDE = "\u3041-\u30ff\u3400-\u9fff"


def _end_pattern(either: str) -> str:
    """Return the pattern of a sentence's end; `either` is what `_EITHER` closes before.

    A full stop after a title or an initial ends no sentence; several do. An end begins where its
    row of signs does and gives none of them back: else a text of full stops takes its length
    squared.
    """
    closed = (
        rf"(?:[{re.escape(_CLOSING)}]|[{_EITHER}]{either}"
        rf"|[{_FRENCH}][»›](?=[\s.,;:!?)…]|\Z))*+"
    )
    after = rf"(?=\s|\Z|(?<=[!?])[{_WIDE}])"
    return (
        # All beyond the first plane is looked at again: a long list there is slow.
        rf"[{_STOPS}{_COMMON}{_BARE};\u037e\U00010a00-\U0001dfff](?:"
        rf"(?<=[{_STOPS}])(?<![{_STOPS}]{{2}})(?:[{_STOPS}]++"
        rf"|(?<!\bMr.)(?<!\bMrs.)(?<!\bMs.)(?<!\bDr.)(?<!\bSt.)(?<!\b[{_CAPITAL}].))"
        rf"{closed}{after}"
        rf"|(?<=[{_MARKS}])(?<![{_MARKS}]{{2}})[{_MARKS}]*+{closed}"
        rf"|(?<=[{_BARE}]){closed}(?=\s|\Z)"
        rf"|(?<=[{_GREEK}][;\u037e]){closed}(?=\s|\Z))"
    )


_SENTENCE_END = re.compile(_end_pattern(r"(?!\w)"))
# The row of signs at an end, from behind.
_LAST_SIGNS = re.compile(f"[{_STOPS}]+|[{_MARKS}]+|[{_BARE};\u037e]")
# Words of a last line that is no sentence: "The End", "***", a name, the last line of a verse.
_MOST_LAST = 4
# Words that may go for the sake of a whole sentence.
_MOST_DROPPED = 40
# The white space after a sentence, once it is clear that another one follows.
_NEXT_SENTENCE = re.compile(_end_pattern(r"(?=[^\w])") + r"(\s*+)(?=(\S))")
_FIRST_SIGNS = '"“‘«‹„‚»—–「『《〈（¿¡'
# Characters before a piece of text in which a sentence's end still matters, the white space too.
_LOOK_BACK = 64
# A continuation of a story that has its length already may still be this part of it.
_EXTRA_PART = 0.5


class Goal:
    """Finds the sentence with which a text that comes in pieces has as many words as are wanted.

    A sentence ends where the next one begins: with a capital where the script has them, or with a
    quotation mark. “Go!” she said.
    """

    def __init__(self, wanted: int) -> None:
        self.reached = False
        self._wanted = wanted
        self._counter = words.Counter()
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
            if _can_begin_with(sign) and self._counter.exceeds(self._wanted - 1):
                self.reached = True
                return text[:end]
        self._counter.add(text[counted:])
        self._before = whole[-_LOOK_BACK:]
        return text


def _can_begin_with(sign: str) -> bool:
    return sign in _FIRST_SIGNS or sign.isupper() or unicodedata.category(sign) == "Lo"


def word_limit(max_words: int, base: str) -> int:
    """Return how many words may be added to `base`: what is left, or half as much again."""
    left = max_words - words.count(base)
    return (
        left if left >= prompts.MIN_WORDS else max(prompts.MIN_WORDS, int(max_words * _EXTRA_PART))
    )


def ends_sentence(text: str, following: str = "") -> bool:
    """Tell whether `text` ends with the end of a sentence; `following` is what comes behind it.

    In Thai and Lao, a text does that ends, or that has white space behind it.
    """
    if not text[-1:].isspace() and following and not following[0].isspace() and _is_bare(text):
        return False
    text = text.rstrip()
    inner = text.rstrip(_CLOSING + _EITHER + _FRENCH)
    signs = _LAST_SIGNS.match(inner[::-1])
    return signs is not None and bool(_SENTENCE_END.fullmatch(text, len(inner) - signs.end()))


def ends_text(text: str) -> bool:
    """Tell whether `text` ends with a sentence, or with one and a short last line below it."""
    if ends_sentence(text):
        return True
    before, _, last = text.rstrip().rpartition("\n")
    return words.count(last) <= _MOST_LAST and ends_sentence(before)


_LETTER = re.compile(r"[^\W\d_]")
# By the range of the last letter.
_FULL_STOPS = (
    ("\u0530-\u058f", "։"),
    ("\u0900-\u09ff\u0a00-\u0a7f\u0b00-\u0b7f", "।"),
    ("\u0e00-\u0eff", ""),
    ("\u0f00-\u0fff", "།"),
    ("\u1000-\u109f", "။"),
    ("\u1200-\u137f", "።"),
    ("\u1780-\u17ff", "។"),
    (f"{_WIDE}\u3105-\u312f\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd", "。"),
)
_STOPPED = [(re.compile(f"[{letters}]"), stop) for letters, stop in _FULL_STOPS]


def full_stop(text: str) -> str:
    """Return the sign with which a sentence of the script of `text` ends; Thai has none."""
    last = _LETTER.search(text[::-1])
    if last is None:
        return "."
    return next((stop for letters, stop in _STOPPED if letters.match(last[0])), ".")


def can_begin_after(text: str) -> bool:
    """Tell whether a sentence can begin where `text` ends: behind another one, or in a new line."""
    before = text.rstrip()
    if not before or "\n" in text[len(before) :]:
        return True
    return ends_sentence(text, "-")  # whatever it is


def _is_bare(text: str) -> bool:
    """Tell whether `text` ends with a letter of a script that has no sign for a sentence's end."""
    return re.match(f"[{_BARE}]", text[-1:]) is not None


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
    kept = words.first(text, max_words).rstrip()
    following, text = text[len(kept) :], kept
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    if ends and ends[-1] == len(text) and not ends_sentence(text, following):
        ends.pop()
    for end in (ends[-1] if ends else 0, text.rfind("\n") + 1):
        if end and words.count(text[end:]) <= _MOST_DROPPED:
            return text[:end].rstrip()
    return text
