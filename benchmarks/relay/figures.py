"""What is measured: a load, what one side did under it, and how cost grows with the writers."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

MODEL_SERVER, RELAY, OURS = "model server", "bare relay", "StorAIteller"
# Loads that a line is laid through: fewer lie on any line.
_FEWEST = 3


@dataclass(frozen=True)
class Load:
    """How many write at once, and how fast the model server writes to each of them."""

    writers: int
    rate: float  # tokens a second and story
    tokens: int  # of a story
    repeats: int
    processes: int = 1  # of each side; several of ours share Redis and PostgreSQL


@dataclass(frozen=True)
class Measurement:
    """One side under one load; times in milliseconds, CPU and memory of its serving processes.

    `cpu` and `megabytes_each` are None of the model server, which serves all sides.
    """

    side: str
    writers: int
    processes: int
    rate: float  # tokens a second and story
    tokens: int  # of a story
    first_word_median: float
    first_word_max: float
    gap_p99: float  # between two texts of a story
    tokens_per_second: float  # of all writers, from the click to the last word
    cpu: float | None  # seconds
    megabytes_each: float | None  # of a stream, at most, beyond the open page

    @property
    def cpu_per_token(self) -> float | None:
        """Return the microseconds of CPU for a token."""
        return None if self.cpu is None else self.cpu / (self.writers * self.tokens) * 1e6

    @property
    def load(self) -> tuple[int, int, float]:
        """Return what tells the load from the other ones of a run."""
        return (self.processes, self.writers, self.rate)


class Growth(NamedTuple):
    """A line through the CPU seconds that a side took under several loads, by their writers.

    `foretold` is what the largest load took, as a part of what a line through the smaller ones
    says that it takes: 1 on a straight line, more where the cost of a writer grows.
    """

    side: str
    rate: float
    writers: tuple[int, ...]
    slope: float  # CPU seconds of one more writer's story
    intercept: float  # CPU seconds
    r_squared: float
    foretold: float


def percentile(values: Sequence[float], part: float) -> float:
    """Return the least of `values` that `part` of them (0 to 1) are not above: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * part), 1) - 1]


def growth(measurements: Sequence[Measurement], side: str) -> list[Growth]:
    """Return a line for each rate at which one process of `side` served enough loads."""
    found = []
    for rate in sorted({run.rate for run in measurements}, reverse=True):
        runs = [run for run in measurements if (run.side, run.rate) == (side, rate)]
        points = sorted((m.writers, m.cpu) for m in runs if m.processes == 1 and m.cpu is not None)
        if len(points) >= _FEWEST:
            found.append(_line(side, rate, points))
    return found


def _line(side: str, rate: float, points: list[tuple[int, float]]) -> Growth:
    writers, seconds = zip(*points, strict=True)
    slope, intercept = statistics.linear_regression(writers, seconds)
    smaller = statistics.linear_regression(writers[:-1], seconds[:-1])
    return Growth(
        side,
        rate,
        writers,
        slope,
        intercept,
        statistics.correlation(writers, seconds) ** 2,
        seconds[-1] / (smaller.intercept + smaller.slope * writers[-1]),
    )
