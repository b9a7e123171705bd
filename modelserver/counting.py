"""How many tokens a text takes, without the model's vocabulary: no server of Ollama's API tells it.

Estimated from above by the text's bytes, at a rate by the kind of text; the rates are the model's
own as soon as an answer has told how many tokens its prompt took.
"""

import math
from collections import deque
from collections.abc import Iterable

from modelserver.server import Server

# Tokens a byte until an answer told better, by the largest share of bytes that are not ASCII: what
# the vocabularies of Llama 3 and Qwen take at most in nineteen languages, each 600 bytes of them,
# measured by `python -m benchmarks.tokens`. Pocket's knows English only.
_PLAIN, _ACCENTED, _OTHER = 0.34, 0.5, 0.65
_KINDS = ((0.005, _PLAIN), (0.25, _ACCENTED), (1.0, _OTHER))
# What a text may take more than one of the same kind before it: 600 bytes of English take up to
# 1.05 of the mean, of most languages up to 1.3. The dearest answer remembered has a part of that.
_MARGIN = 1.2
_REMEMBERED = 8  # answers: the dearest of them counts
# A prompt tells something when it is long enough and nearly all of it is of one kind.
_LEAST_BYTES = 400
_LEAST_SHARE = 0.8
# What no vocabulary does: some servers count only what was not in their cache.
_LEAST_RATE, _LARGEST_RATE = 1 / 8, 2.0


class Counter:
    """What one model's tokens are estimated with."""

    def __init__(self) -> None:
        """Know nothing but the kinds of text."""
        self._told: list[deque[float]] = [deque(maxlen=_REMEMBERED) for _ in _KINDS]

    def estimate(self, text: str) -> int:
        """Return how many tokens `text` takes, rather too many than too few."""
        if not text:
            return 0
        size, kind = _weigh(text)
        return math.ceil(size * self._rate(kind))

    def learn(self, texts: Iterable[str], tokens: int) -> None:
        """Take in that a prompt of these texts took `tokens` tokens, the template's among them."""
        sizes = [0] * len(_KINDS)
        for text in texts:
            size, kind = _weigh(text)
            sizes[kind] += size
        total = sum(sizes)
        if total < _LEAST_BYTES or not _LEAST_RATE <= tokens / total <= _LARGEST_RATE:
            return
        for kind, size in enumerate(sizes):
            # Of several kinds, none is known to be cheaper than was thought.
            is_dearer = bool(size) and tokens / total > self._rate(kind)
            if is_dearer or size >= _LEAST_SHARE * total:
                self._told[kind].append(tokens / total)

    def _rate(self, kind: int) -> float:
        told = self._told[kind]
        return max(told) * _MARGIN if told else _KINDS[kind][1]


def _weigh(text: str) -> tuple[int, int]:
    """Return the text's size in bytes, and which kind it is of."""
    size = len(text.encode(errors="replace"))
    other = size - len(text.encode("ascii", "ignore"))
    share = other / max(size, 1)
    return size, next(index for index, (most, _) in enumerate(_KINDS) if share <= most)


_counters: dict[tuple[Server, str], Counter] = {}


def counter(server: Server, model: str) -> Counter:
    """Return what the tokens of `model` are estimated with; this process has one of each model."""
    key = (server, model)
    if key not in _counters:
        _counters[key] = Counter()
    return _counters[key]
