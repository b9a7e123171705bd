"""What it costs to clean an answer as it streams, beside a loop that only joins the pieces.

    python -m benchmarks.answers

Both take in the same stories of 2,000 tokens, one after the other, in one process.
"""

import statistics
import sys
import time
from collections.abc import Callable

from prose.answers.cleaner import AnswerCleaner
from prose.answers.task import Task
from tests.support.model_server import tokens

TOKENS = 2_000
ROUNDS = 15
GOAL = 3.0  # µs a token


def joined(pieces: list[str]) -> str:
    """Return the text as it came."""
    parts: list[str] = []
    for piece in pieces:
        parts.append(piece)  # noqa: PERF402 - as they come, one by one
    return "".join(parts)


def cleaned(pieces: list[str]) -> str:
    """Return the text cleaned."""
    cleaner = AnswerCleaner(Task())
    parts: list[str] = []
    for piece in pieces:
        parts.append(cleaner.feed(piece))  # noqa: PERF401 - as they come, one by one
    parts.append(cleaner.rest())
    return cleaner.final("".join(parts))


def cost(read: Callable[[list[str]], str], pieces: list[str]) -> float:
    """Return the processor's time for each of `pieces`, in µs."""
    started = time.process_time()
    read(pieces)
    return (time.process_time() - started) / len(pieces) * 1e6


def main() -> None:
    """Measure, and print."""
    source = tokens()
    pieces = [next(source) for _ in range(TOKENS)]
    if cleaned(pieces) != joined(pieces):
        raise SystemExit("The story is not the same.")
    costs = [(cost(joined, pieces), cost(cleaned, pieces)) for _ in range(ROUNDS)]
    plain, clean = (statistics.median(column) for column in zip(*costs, strict=True))
    sys.stdout.write(
        f"joined {plain:.2f} µs a token, cleaned {clean:.2f} ({clean / plain:.1f} times); the goal "
        f"is {GOAL:g}: {'met' if clean <= GOAL else 'missed'}\n"
    )


if __name__ == "__main__":
    main()
