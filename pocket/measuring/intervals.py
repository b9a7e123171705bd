"""A share with its interval: Wilson's, made wider where answers of one case are alike."""

import math
from collections.abc import Sequence
from typing import TypedDict

_Z = 1.959964  # of 95 %


class Share(TypedDict):
    """A share of `count` answers, from 0 to 1, with its 95 % interval."""

    share: float
    low: float
    high: float
    count: int


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` answers that have nothing to do with another.

    All of it, 0 to 1, when there are none.
    """
    if count <= 0:
        return 0.0, 1.0
    square = _Z**2 / count
    middle = share + square / 2
    width = _Z * math.sqrt((share * (1 - share) + square / 4) / count)
    low, high = (middle - width) / (1 + square), (middle + width) / (1 + square)
    # At the ends it is the share itself, which rounding must not pass.
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def shared(groups: Sequence[Sequence[float]]) -> Share | None:
    """Return the mean of all values (0 to 1) with its interval, or None without any.

    A group holds the answers to one case, such as a setting's with three seeds: they resemble each
    other and so count for less than as many answers to different cases.
    """
    groups = [group for group in groups if group]
    count = sum(map(len, groups))
    if not count:
        return None
    share = sum(map(sum, groups)) / count
    low, high = wilson(share, count / _inflation(groups, share, count))
    return Share(share=share, low=low, high=high, count=count)


def _inflation(groups: Sequence[Sequence[float]], share: float, count: int) -> float:
    """Return by how much the groups make the variance larger: the design effect, 1 at least."""
    alone = share * (1 - share) / count
    if len(groups) < 2 or not alone:
        return 1.0
    squares = sum((sum(group) - len(group) * share) ** 2 for group in groups)
    together = squares / count**2 * len(groups) / (len(groups) - 1)
    return min(max(1.0, together / alone), max(map(len, groups)))
