"""What is asked of a rewritten passage: how long it may be, and whether it does what was asked."""

import re

from prose import words
from prose.passage import Passage

# In parts of the passage's words, by the way that it is written again.
_FACTORS = {"shorten": 0.6, "expand": 2.5}
_USUAL_FACTOR = 1.5
# What is asked for in a writer's own words may be to add something.
_ASKED_FACTOR = 2.5
# Words that a sentence may need, however short the one was that it replaces.
_LEAST_WORDS, _LEAST_SHORTENED = 12, 6
_LEAST_MORE = 2  # inside a sentence
# What is longer or shorter, in parts of the passage's words.
_LONGER, _SHORTER = 4 / 3, 2 / 3
# Signs of speech: a pair of quotes with a word in it; quotes that could be apostrophes, where what
# is said ends with a stop or a comma; a dash that opens a line. No sign is passed over twice.
_MARKS = '"“”„«»‹›「」『』'
_SPEECH = re.compile(
    rf"(?:(?<!\w)[\"”]|[“„«»‹›「『])[^\w{_MARKS}]*+\w[^{_MARKS}]*+[{_MARKS}]"
    r"|(?<!\w)[‘'](?=\w)(?:[^‘’']|(?<=\w)['’](?=\w))*+(?<=[,.!?…])[’']"
    r"|^[^\S\n]*+[—–―-][^\S\n]*+\w",
    re.MULTILINE,
)


def most_words(passage: Passage, mode: str, *, asked: bool = False) -> int:
    """Return how many words may replace `passage`; `asked`: the writer says what should change."""
    count = passage.words
    usual = _ASKED_FACTOR if asked else _USUAL_FACTOR
    most = int(count * _FACTORS.get(mode, usual))
    if not passage.ends_sentence:
        return max(most, count + _LEAST_MORE)
    return max(most, _LEAST_SHORTENED if mode == "shorten" else _LEAST_WORDS)


def enough_words(most: int) -> int:
    """Return with how many words a replacement has said enough, at the end of a sentence.

    Five sixths of the most: with two thirds, one in six of what editors wrote would lose its end.
    The rest is for the sentence that is not at its end there.
    """
    return most * 5 // 6


def are_kept(mode: str, passage: Passage, replacement: str) -> bool | None:
    """Tell whether `replacement` is longer or shorter by a third, or has somebody speak.

    `mode` as `prose.prompts.rewrite_wish` knows it. None for another wish, of which nothing can be
    counted, and for one word that can't be fewer.
    """
    match mode:
        case "expand":
            return words.count(replacement) >= _LONGER * passage.words
        case "shorten" if passage.words > 1:
            return 0 < words.count(replacement) <= _SHORTER * passage.words
        case "dialogue":
            return _SPEECH.search(replacement) is not None
    return None
