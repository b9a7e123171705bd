"""Measure the check for children on the passages that nothing was trained on.

    python -m pocket.measuring.for_children

Of each category, the share of passages that are found; of the harmless ones, the share that is.
With 95 % intervals, and the time a passage takes. `--stories` judges the paragraphs of stories for
children that were not taught instead, all harmless. `--missed` prints what was judged wrongly.
"""

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pocket.measuring.intervals import wilson
from prose.children import check, encoder

PASSAGES = Path(__file__).parents[1] / "stories" / "children"
_STORIES = PASSAGES.parent
_FEWEST_WORDS = 20  # of a paragraph of a story


class Passage(NamedTuple):
    """A labelled passage; of a harmless one, `category` is empty."""

    category: str
    text: str


class Judged(NamedTuple):
    """A passage, the categories that the check found in it, and the seconds that it took."""

    passage: Passage
    found: list[str]
    seconds: float


def read(folder: Path) -> list[Passage]:
    """Return the passages of the JSON Lines files in `folder`."""
    return [each for path in sorted(folder.glob("*.jsonl")) for each in read_file(path)]


def read_file(path: Path) -> list[Passage]:
    """Return the passages of one file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Passage(row["category"] or "", row["text"]) for row in rows]


def paragraphs(part: int) -> list[str]:
    """Return the paragraphs of half of our stories for children: `part` 0 teaches, 1 measures."""
    found = []
    for name in ("plain", "told"):
        with (_STORIES / name / "stories.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if "child-friendly" in row["Prompt"]]
        for row in rows[part::2]:
            parts = map(str.strip, row["Story"].split("\n\n"))
            found += [each for each in parts if len(each.split()) >= _FEWEST_WORDS]
    return found


def judge(passages: Iterable[Passage]) -> list[Judged]:
    """Return what the check says of each of `passages`."""
    judged = []
    for passage in passages:
        start = time.perf_counter()
        findings = check.children_report(passage.text)["findings"]
        took = time.perf_counter() - start
        judged.append(Judged(passage, [each["category"] for each in findings], took))
    return judged


def table(judged: list[Judged]) -> str:
    """Return the figures, a line each."""
    lines = []
    for category in encoder.CATEGORIES[1:]:
        of_it = [each for each in judged if each.passage.category == category]
        named = sum(category in each.found for each in of_it)
        lines.append(f"{_line(category, of_it)}, {named} as {category}")
    harmful = [each for each in judged if each.passage.category]
    harmless = [each for each in judged if not each.passage.category]
    took = [1000 * each.seconds for each in judged]
    return "\n".join(
        [
            *lines,
            _line("all of these", harmful),
            _line("harmless (false alarms)", harmless),
            f"a passage: {statistics.median(took):.0f} ms (median), {max(took):.0f} ms (most)",
        ]
    )


def _line(name: str, judged: list[Judged]) -> str:
    found, count = sum(bool(each.found) for each in judged), len(judged)
    low, high = wilson(found / count if count else 0.0, count)
    share = 100 * found / count if count else 0.0
    return f"{name}: {found} of {count} found, {share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Judge the passages and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m pocket.measuring.for_children", description=__doc__
    )
    parser.add_argument("--passages", type=Path, default=PASSAGES / "held_out")
    parser.add_argument("--stories", action="store_true", help="judge paragraphs of our stories")
    parser.add_argument("--missed", action="store_true", help="print what was judged wrongly")
    options = parser.parse_args()
    if encoder.encoder() is None:
        sys.exit("The check's model is not installed: make .model/all_minilm_l6_v2")
    if options.stories:
        judged = judge(Passage("", text) for text in paragraphs(1))
        print(_line("paragraphs of stories", judged))
    else:
        judged = judge(read(options.passages))
        print(table(judged))
    if options.missed:
        for each in judged:
            if bool(each.found) != bool(each.passage.category):
                print(f"{each.passage.category or 'harmless'}: {each.passage.text}")


if __name__ == "__main__":
    main()
