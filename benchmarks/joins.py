"""Does a replacement join what stands before and after it? A check that can be counted.

It knows no grammar. It holds a replacement to what a reader would notice at the two seams first:

1. no letter touches a letter, and no white space is doubled;
2. where a sentence begins, the replacement begins with a capital, a digit or a quotation mark;
   inside a sentence it does not, unless with a name of the story or "I";
3. where a sentence ends, it ends with a full stop, an exclamation or a question mark or an
   ellipsis, before closing quotation marks; inside a sentence it does not;
4. it opens and closes as many quotation marks as the passage left open: none, as a rule;
5. it does not begin with the words that stand before it (four of them or more), nor end with those
   that follow (three or more), nor hold the whole first sentence of what follows;
6. it is not empty, and its last sentence has at least two words.
"""

import re

from prose import overlap, sentences
from prose.passage import Passage

_REPEATED_BEFORE, _REPEATED_AFTER = 4, 3  # words
_OPENING = re.compile(r"[\"“‘'«(\[]*")


def faults(passage: Passage, replacement: str) -> list[str]:
    """Return what is wrong at the seams of `replacement`, in words; empty when nothing is."""
    core = replacement.removeprefix(passage.head).removesuffix(passage.tail)
    if not core.strip():
        return ["empty"]
    checks = {
        "white space": core != core.strip() or "  " in core,
        "a cut word": _touch(passage.left, core) or _touch(core, passage.right),
        "the capital": not _begins_well(passage, core),
        "the end": sentences.ends_sentence(core) is not sentences.ends_sentence(passage.core),
        "quotation marks": _open_quotes(core) != _open_quotes(passage.core),
        "told before": _common(passage.left, core) >= _REPEATED_BEFORE,
        "told after": _tells_what_follows(core, passage.right),
        "a stump": len(core.split()) < min(2, passage.words),
    }
    return [fault for fault, found in checks.items() if found]


def _touch(left: str, right: str) -> bool:
    return left[-1:].isalnum() and right[:1].isalnum()


def _begins_well(passage: Passage, core: str) -> bool:
    opening = _OPENING.match(core)
    first = core[opening.end() if opening else 0 :][:1]
    if passage.starts_sentence:
        return first.isupper() or first.isdigit() or not first.isalpha()
    word = re.match(r"\w+", core)
    is_name = word is not None and (word[0] == "I" or word[0] in passage.before + passage.after)
    return not first.isupper() or is_name


def _open_quotes(text: str) -> tuple[int, int]:
    return text.count('"') % 2, text.count("“") - text.count("”")


def _keys(text: str) -> list[str]:
    return [word for word, _, _ in overlap.keyed_words(text)]


def _common(left: str, right: str) -> int:
    """Return how many words `left` ends and `right` begins with alike."""
    before, after = _keys(left[-600:]), _keys(right)
    for count in range(min(len(before), len(after)), 0, -1):
        if before[-count:] == after[:count]:
            return count
    return 0


def _tells_what_follows(core: str, right: str) -> bool:
    sentence = _keys(sentences.first_sentence(right[:600]))
    told = " ".join(sentence)
    whole = len(sentence) >= _REPEATED_AFTER and told in " ".join(_keys(core))
    return whole or _common(core, right) >= _REPEATED_AFTER
