"""Texts that are almost the same, by the word sequences (shingles) that they share."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

Shingles = frozenset[tuple[str, ...]]

# A text is a near-copy when this share of its eight-word sequences stands in another one.
COPIED_SHARE = 0.5
COPIED_SIZE = 8  # words

_WORD = re.compile(r"[^\W_]+")


def shingles(text: str, size: int) -> Shingles:
    """Return the sequences of `size` words in `text`, in lower case; short texts are one."""
    words = _WORD.findall(text.lower())
    if len(words) <= size:
        return frozenset({tuple(words)})
    return frozenset(tuple(words[start : start + size]) for start in range(len(words) - size + 1))


def pairs(
    texts: Sequence[str], least: float, size: int = 3, *, contained: bool = False
) -> Iterator[tuple[int, int, float]]:
    """Yield (earlier, later, similarity) of texts whose Jaccard similarity is at least `least`.

    With `contained`, what is shared is taken of the shorter text (the overlap coefficient), so that
    one that stands in a much longer one is found. Only texts that share a shingle are compared.
    """
    seen: dict[tuple[str, ...], list[int]] = {}
    kept: list[Shingles] = []
    for later, text in enumerate(texts):
        own = shingles(text, size)
        shared = Counter(earlier for shingle in own for earlier in seen.get(shingle, ()))
        for earlier, count in shared.items():
            other = len(kept[earlier])
            whole = min(len(own), other) if contained else len(own) + other - count
            similarity = count / whole
            if similarity >= least:
                yield earlier, later, similarity
        for shingle in own:
            seen.setdefault(shingle, []).append(later)
        kept.append(own)


def groups(count: int, together: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of `count` items the smallest item that it is connected with."""
    root = list(range(count))

    def find(item: int) -> int:
        while root[item] != item:
            root[item] = root[root[item]]
            item = root[item]
        return item

    for one, other in together:
        first, second = sorted((find(one), find(other)))
        root[second] = first
    return [find(item) for item in range(count)]


def copied_share(text: str, source: Shingles, size: int) -> float:
    """Return the share of `text`'s sequences of `size` words that stand in `source` too."""
    own = shingles(text, size)
    return len(own & source) / len(own)
