"""How much stories differ from each other: distinct 4-grams, and self-BLEU.

Self-BLEU (Zhu et al., Texygen, SIGIR 2018) is the mean over the stories of BLEU with all others as
references: BLEU-4 with uniform weights and the brevity penalty (Papineni et al., BLEU, ACL 2002),
sequences that are not found counted as `_FLOOR` so that a short story's score isn't nothing
(Chen and Cherry, smoothing 1, WMT 2014). From 0, nothing in common, to 1, all the same.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

_LONGEST = 4  # words of a sequence
_SIZES = range(1, _LONGEST + 1)
_FLOOR = 0.1
_WORD = re.compile(r"\w+|[^\w\s]")
Grams = Counter[tuple[str, ...]]


def distinct(texts: Sequence[str]) -> float:
    """Return the share of all 4-grams that are different ones; 1 where there are none."""
    grams = [gram for text in texts for gram in _grams(_words(text), _LONGEST)]
    return len(set(grams)) / len(grams) if grams else 1.0


def self_bleu(texts: Sequence[str]) -> list[float]:
    """Return for each text its BLEU beside all others; 0 for one that is empty or alone."""
    told = [_words(text) for text in texts]
    lengths = [len(words) for words in told]
    precisions = [_precisions([_grams(words, size) for words in told]) for size in _SIZES]
    return [_bleu([of_size[at] for of_size in precisions], at, lengths) for at in range(len(texts))]


def _precisions(counted: list[Grams]) -> list[tuple[float, int]]:
    """Return for each text how many of its sequences the others have, and how many it has.

    As in BLEU, one counts as often as the text has it that has it most often.
    """
    # The two largest counts of each sequence, and whose the largest is: without the text's own.
    most: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for at, grams in enumerate(counted):
        for gram, count in grams.items():
            first, owner, second = most.get(gram, (0, -1, 0))
            if count > first:
                most[gram] = count, at, first
            else:
                most[gram] = first, owner, max(second, count)
    found = []
    for at, grams in enumerate(counted):
        matched = 0
        for gram, count in grams.items():
            first, owner, second = most[gram]
            matched += min(count, second if owner == at else first)
        found.append((matched or _FLOOR, sum(grams.values())))
    return found


def _bleu(precisions: list[tuple[float, int]], at: int, lengths: list[int]) -> float:
    others = [length for place, length in enumerate(lengths) if place != at and length]
    if not lengths[at] or not others:
        return 0.0
    closest = min(others, key=lambda length: (abs(length - lengths[at]), length))
    brevity = min(1.0, math.exp(1 - closest / lengths[at]))
    shares = [matched / total for matched, total in precisions if total]
    return brevity * math.exp(sum(map(math.log, shares)) / len(shares))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _grams(words: list[str], size: int) -> Grams:
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
