"""Two models' stories for readers who don't know whose they are, and what the readers say.

    python -m pocket.measuring.blind draw var/tiny.json var/house.json --folder var/blind
    python -m pocket.measuring.blind tally var/blind/key.json answers.txt

A reader answers a line a pair: "12 A", "12 B", or "12 =" where neither is better.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pocket.measuring.intervals import Share, shared
from prose.languages.offered import NAMES
from prose.settings import Settings

Letter = Literal["A", "B"]
_ANSWER = re.compile(r"\s*([0-9]+)\s*[.:)]?\s*([ABab=])\s*")
_RULE = "=" * 60


class BlindError(Exception):
    """Nothing can be drawn or counted; the message is one sentence."""


@dataclass(frozen=True)
class Pair:
    """Two stories of the same settings; `second` tells under which letter the second model's is."""

    settings: Settings
    a: str
    b: str
    second: Letter


def draw(
    first: Sequence[dict[str, Any]], second: Sequence[dict[str, Any]], count: int, seed: int
) -> list[Pair]:
    """Return `count` pairs of stories with the same settings and seed, no settings twice.

    The arguments are the `stories` of two outputs. Raises `BlindError` when there are too few.
    """
    chosen = random.Random(seed)
    others = {_case(row): row["shown"] for row in second}
    both = [(row, others[_case(row)]) for row in first if _case(row) in others]
    chosen.shuffle(both)
    once = {json.dumps(row["settings"]): (row, other) for row, other in both}
    if len(once) < count:
        raise BlindError(f"The two outputs have {len(once)} settings in common, not {count}.")
    pairs = []
    for row, other in list(once.values())[:count]:
        settings = Settings.from_dict(row["settings"])
        if chosen.random() < 0.5:
            pairs.append(Pair(settings, other, row["shown"], "A"))
        else:
            pairs.append(Pair(settings, row["shown"], other, "B"))
    return pairs


def _case(row: dict[str, Any]) -> str:
    return json.dumps([row["settings"], row["seed"]])


def reading(pairs: Sequence[Pair]) -> str:
    """Return what a reader gets."""
    head = (
        "Which story would you rather have been given? Answer a line a pair: its number and A, B "
        "or = where neither is better."
    )
    return (
        "\n\n".join([head, *(_told(number, pair) for number, pair in enumerate(pairs, 1))]) + "\n"
    )


def _told(number: int, pair: Pair) -> str:
    asked = pair.settings
    wishes = [f"{asked.genre}, {asked.register}, at most {asked.max_words} words"]
    if asked.main_characters:
        wishes.append(f"characters: {asked.main_characters}")
    if asked.keywords:
        wishes.append(f"keywords: {asked.keywords}")
    if asked.premise:
        wishes.append(f"what should happen: {' '.join(asked.premise.split())}")
    if asked.language:
        wishes.append(f"in {NAMES[asked.language]}")
    if asked.reader_age:
        wishes.append(f"for readers of about {asked.reader_age} years")
    wishes += ["a twist at the end"] * asked.final_twist + ["fit for children"] * (
        asked.child_friendly
    )
    wish = "; ".join(wishes)
    return (
        f"{_RULE}\nPair {number}. Asked for: {wish}\n\n--- A ---\n{pair.a}\n\n--- B ---\n{pair.b}"
    )


def answers(text: str, count: int) -> dict[int, str]:
    """Return what a reader says of each pair: "A", "B" or "=". Raises `BlindError`."""
    said: dict[int, str] = {}
    for line in filter(str.strip, text.splitlines()):
        match = _ANSWER.fullmatch(line)
        if match is None or not 1 <= int(match[1]) <= count:
            raise BlindError(f"Not an answer: {line.strip()[:80]}")
        if int(match[1]) in said:
            raise BlindError(f"Pair {int(match[1])} is answered twice.")
        said[int(match[1])] = match[2].upper()
    return said


def tally(key: Sequence[str], readers: Sequence[dict[int, str]]) -> Share | None:
    """Return how often the second model is preferred; neither counts as half a time.

    `key` has the letter of the second model's story for each pair. Several readers of one pair
    count for less than one reader each of as many pairs.
    """
    groups = []
    for number, letter in enumerate(key, 1):
        said = [reader[number] for reader in readers if number in reader]
        groups.append([0.5 if each == "=" else float(each == letter) for each in said])
    return shared(groups)


def main() -> None:
    """Draw the pairs into a folder, or print what the readers say."""
    parser = argparse.ArgumentParser(prog="python -m pocket.measuring.blind", description=__doc__)
    commands = parser.add_subparsers(required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("first", type=Path)
    drawing.add_argument("second", type=Path)
    drawing.add_argument("--pairs", type=int, default=60)
    drawing.add_argument("--seed", type=int, default=1)
    drawing.add_argument("--folder", type=Path, default=Path("var/blind"))
    drawing.set_defaults(run=_draw)
    counting = commands.add_parser("tally")
    counting.add_argument("key", type=Path)
    counting.add_argument("answers", type=Path, nargs="+")
    counting.set_defaults(run=_tally)
    options = parser.parse_args()
    try:
        options.run(options)
    except (BlindError, OSError) as error:
        sys.exit(str(error))


def _read(path: Path, holding: str) -> dict[str, Any]:
    """Return the object in a JSON file that has the field `holding`."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        found[holding]
    except (ValueError, KeyError, TypeError) as error:
        raise BlindError(f"{path} has no {holding}.") from error
    return found


def _draw(options: argparse.Namespace) -> None:
    first, second = _read(options.first, "stories"), _read(options.second, "stories")
    pairs = draw(first["stories"], second["stories"], options.pairs, options.seed)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "pairs.txt").write_text(reading(pairs))
    key = {
        "first": str(options.first),
        "second": str(options.second),
        "second_is": [pair.second for pair in pairs],
    }
    (options.folder / "key.json").write_text(json.dumps(key, indent=1) + "\n")


def _tally(options: argparse.Namespace) -> None:
    key = _read(options.key, "second_is")
    count = len(key["second_is"])
    readers = [answers(path.read_text(), count) for path in options.answers]
    found = tally(key["second_is"], readers)
    if found is None:
        raise BlindError("Nobody answered.")
    print(
        f"{key['second']} is preferred to {key['first']}: {100 * found['share']:.1f} % "
        f"({100 * found['low']:.1f} to {100 * found['high']:.1f}) of {found['count']} answers"
    )


if __name__ == "__main__":
    main()
