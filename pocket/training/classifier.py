"""Naive Bayes over words and word pairs: which genre or register a story sounds like."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

# Punctuation counts too: a register has its own.
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|[.,;:!?()\"-]")


def features(story: str, hidden: Sequence[str]) -> Counter[str]:
    """Count the words and pairs of neighbours; the `hidden` names and keywords say nothing."""
    for text in sorted(hidden, key=len, reverse=True):
        story = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "_", story, flags=re.IGNORECASE)
    tokens = _TOKEN.findall(story.lower())
    return Counter(tokens) + Counter(map(" ".join, pairwise(tokens)))


class NaiveBayes:
    """Multinomial naive Bayes with add-one smoothing (Manning et al., 2008, chapter 13)."""

    def __init__(self, examples: Iterable[tuple[Counter[str], str]]) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._examples: Counter[str] = Counter()
        for counted, label in examples:
            self._counts.setdefault(label, Counter()).update(counted)
            self._examples[label] += 1
        self._words = len(set().union(*self._counts.values()))
        self._totals = {label: counts.total() for label, counts in self._counts.items()}

    def label(self, counted: Counter[str]) -> str:
        """Return the most probable label."""
        return max(self._counts, key=lambda label: self._score(counted, label))

    def _score(self, counted: Counter[str], label: str) -> float:
        counts, total = self._counts[label], self._totals[label] + self._words
        return math.log(self._examples[label]) + sum(
            number * math.log((counts[word] + 1) / total) for word, number in counted.items()
        )
