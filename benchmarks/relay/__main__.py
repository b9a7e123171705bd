"""First word, tokens, gaps, CPU and memory of a stream, ours beside a bare relay, in one run.

    python -m benchmarks.relay            # the first part of `make bench`; kept in results.json
    python -m benchmarks.relay --report   # the tables of what is kept, as Markdown

Each side is a process of its own in front of the same scripted model server, which is a third one;
under the largest load it is two. CPU is what the serving processes used (user and system) from the
moment when all pages are open to the last frame.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks.relay.figures import Load, Measurement
from benchmarks.relay.measuring import compare
from benchmarks.relay.report import report
from benchmarks.results import keep
from storaiteller_site.serving.connections import raise_file_limit

# The model server, both sides and the clients share the machine's cores. So with more writers each
# is written to more slowly, or the model server alone would fall behind; and the smaller loads come
# once more at that rate, for the line through them.
LOADS = (
    *(Load(writers, rate=40, tokens=300, repeats=3) for writers in (1, 30, 100)),
    *(Load(writers, rate=10, tokens=100, repeats=1) for writers in (1, 30, 100)),
    Load(256, rate=10, tokens=100, repeats=2),
    Load(512, rate=5, tokens=100, repeats=1, processes=2),
)
RESULTS = Path(__file__).parents[1] / "results.json"


def measured(loads: list[Load]) -> Iterator[Measurement]:
    """Yield what is found, load by load; one that needs what is not installed is left out."""
    for load in loads:
        try:
            yield from compare(load)
        except pytest.skip.Exception as missing:
            print(f"{load.writers} writers are not measured: {missing}")


def kept(path: Path) -> list[Measurement]:
    """Return what `path` has."""
    return [Measurement(**each) for each in json.loads(path.read_text())["measurements"]]


def main() -> None:
    """Measure, print the tables and keep the results; they are kept after each load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay", description=__doc__)
    parser.add_argument("--writers", type=int, nargs="+", help="only the loads of so many")
    parser.add_argument("--repeats", type=int, help="of each load")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where they are kept")
    parser.add_argument("--report", action="store_true", help="measure nothing, print the tables")
    options = parser.parse_args()
    if not options.report:
        raise_file_limit()  # a socket a writer, here and in each process
        loads = [load for load in LOADS if load.writers in (options.writers or {load.writers})]
        loads = [replace(load, repeats=options.repeats or load.repeats) for load in loads]
        found: list[Measurement] = []
        for measurement in measured(loads):
            found.append(measurement)
            keep(options.results, measurements=[asdict(each) for each in found])
    print(report(kept(options.results)))


if __name__ == "__main__":
    main()
