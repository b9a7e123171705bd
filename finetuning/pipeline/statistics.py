"""The intervals of what is measured: of a mean difference, and of a share."""

import math
import random
from collections.abc import Hashable, Sequence
from statistics import NormalDist

from finetuning.pipeline.telling import StageError
from prose import said

_RESAMPLES = 10_000
_CONFIDENCE = 0.95


def paired(
    before: Sequence[float],
    after: Sequence[float],
    seed: int,
    groups: Sequence[Hashable] | None = None,
) -> dict[str, float]:
    """Return both means and their difference with its interval, by a paired bootstrap.

    Pairs of one group (by default, each is one) are drawn together: two stories of one prompt say
    less than two of two. Raises `StageError` for a value that is no number.
    """
    differences = [b - a for a, b in zip(before, after, strict=True)]
    if not all(map(math.isfinite, [*before, *after])):
        raise StageError(said("A measured value is no number: one of the two models is broken."))
    count = len(differences)
    if not count:
        return dict.fromkeys(("before", "after", "difference", "low", "high", "count", "groups"), 0)
    drawn: dict[Hashable, list[float]] = {}
    for key, value in zip(groups or range(count), differences, strict=True):
        drawn.setdefault(key, []).append(value)
    low, high = _interval([(sum(group), len(group)) for group in drawn.values()], seed)
    return {
        "before": sum(before) / count,
        "after": sum(after) / count,
        "difference": sum(differences) / count,
        "low": low,
        "high": high,
        "count": count,
        "groups": len(drawn),
    }


def _interval(groups: list[tuple[float, int]], seed: int) -> tuple[float, float]:
    """Return the interval of the mean over `groups` of (sum, count).

    The expanded percentile interval (Hesterberg, The American Statistician 69(4), 2015): the plain
    one is too narrow for few groups, as it has a normal's tails and not Student's, and the
    bootstrap's variance lacks the factor n / (n - 1).
    """
    rng = random.Random(seed)  # noqa: S311 - statistics, not secrets
    size = len(groups)
    means = []
    for _ in range(_RESAMPLES):
        sums, counts = zip(*rng.choices(groups, k=size), strict=True)
        means.append(sum(sums) / sum(counts))
    means.sort()
    if size == 1:
        return means[0], means[-1]
    reach = _student((1 + _CONFIDENCE) / 2, size - 1) * math.sqrt(size / (size - 1))
    tail = int(NormalDist().cdf(-reach) * _RESAMPLES)
    return means[tail], means[-tail - 1]


def _student(share: float, freedom: int) -> float:
    """Return the quantile of Student's t (Abramowitz and Stegun, 26.7.5).

    Exact to 0.001 from 7 degrees of freedom on, too small below.
    """
    z = NormalDist().inv_cdf(share)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share; all of 0 to 1 without trials.

    Wilson, Journal of the American Statistical Association 22(158), 1927.
    """
    if not trials:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2)
    share, z2 = successes / trials, z**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return max(0.0, middle - half), min(1.0, middle + half)
