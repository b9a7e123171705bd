"""Whether a rewritten passage does what was asked of it, as far as that can be counted."""

import re

from prose import words
from prose.passage import Passage

# In parts of the passage's words.
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


def are_kept(mode: str, passage: Passage, replacement: str) -> bool | None:
    """Tell whether `replacement` is longer or shorter by a third, or has somebody speak.

    `mode` as `prose.prompts.rewrite_wish` knows it. None for another wish, of which nothing can be
    counted.
    """
    match mode:
        case "expand":
            return words.count(replacement) >= _LONGER * passage.words
        case "shorten":
            return 0 < words.count(replacement) <= _SHORTER * passage.words
        case "dialogue":
            return _SPEECH.search(replacement) is not None
    return None
