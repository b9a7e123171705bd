"""Measure a served model on the held-out settings, over HTTP as the app asks.

    python -m pocket.measuring --url http://127.0.0.1:11434 --model pocket --seeds 1 2 3

Prints a table, and writes the figures with all stories, unedited, to --output. Every answer is
kept beside it as it comes, so that an interrupted run goes on where it was.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from pocket.measuring import clashes, held_out, rewriting, stories
from pocket.measuring.asking import AskingError, ModelServer
from pocket.measuring.diversity import diversity
from pocket.measuring.intervals import shared
from pocket.measuring.record import Desk, Record
from pocket.measuring.table import table
from prose.settings import Settings

_MODES = ("expand", "shorten", "dialogue")


def main() -> None:
    """Ask, print the table and write the figures; a failure is one sentence and status 1."""
    options = _options()
    try:
        columns, chosen = _beside(options), held_out.settings()[: options.settings]
        rewrites = rewriting.read(options.rewrites) if options.rewrites else []
        measured = _measured(options, chosen, rewrites)
    except (AskingError, clashes.TrainingFileError, rewriting.RewriteFileError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The same command goes on from here.")
    options.output.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n")
    if rewrites:
        told = rewriting.for_readers(measured["rewrites"])
        options.output.with_suffix(".rewrites.txt").write_text(told)
    print(table({options.model: measured["figures"], **columns}))
    if missing := measured["figures"].get("letters_missing"):
        print(f"Letters whose name was missing: {missing}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pocket.measuring", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:11434")
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--settings", type=int, default=300, help="how many of them")
    parser.add_argument("--letters", type=int, default=1000, help="how many of them at most")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--timed", type=int, default=20, help="stories that are asked for alone")
    parser.add_argument("--at-once", type=int, default=4, help="requests at the same time")
    parser.add_argument("--rewrites", type=Path, help="held-out rewrites, one a line")
    parser.add_argument("--authored", type=Path, help="a Prompt,Story file, to compare with")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="earlier outputs")
    parser.add_argument("--output", type=Path, default=Path("var/measured.json"))
    return parser.parse_args()


def _beside(options: argparse.Namespace) -> dict[str, Any]:
    """Return the further columns: earlier outputs, and the authored stories."""
    columns: dict[str, Any] = {}
    for path in options.beside:
        try:
            columns[path.stem] = json.loads(path.read_text())["figures"]
        except (OSError, ValueError, KeyError):
            sys.exit(f"{path} is no output of this command.")
    if options.authored:
        columns["authored"] = diversity([each.text for each in clashes.read(options.authored)])
    return columns


def _measured(
    options: argparse.Namespace, chosen: list[Settings], rewrites: list[rewriting.Rewrite]
) -> dict[str, Any]:
    """Return everything: the figures and the rows that they are counted of."""
    letters = held_out.letters()[: options.letters]
    with ModelServer(options.url, options.model) as server:
        desk = Desk(server, Record(options.output.with_suffix(".jsonl")), options.at_once)
        load = os.getloadavg()[0]
        speed = stories.timed(server, chosen[: options.timed])
        told = stories.measure(desk, chosen, options.seeds)
        alone = [letter.settings for letter in letters]
        named = stories.measure(desk, alone, options.seeds[:1], "letters")
        again = rewriting.measure(desk, rewrites, options.seeds[0])
    return {
        "model": options.model,
        "digest": desk.digest,
        "seeds": options.seeds,
        "figures": {
            "stories": len(told),
            **stories.figures(told),
            **stories.letter_figures(letters, named),
            **_rewrite_figures(again),
            **speed,
            "load": load,
        },
        "stories": told,
        "letters": named,
        "rewrites": again,
    }


def _rewrite_figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    obeyed = {mode: [[row["obeys"]] for row in rows if row["mode"] == mode] for mode in _MODES}
    return {
        **{mode: shared(groups) for mode, groups in obeyed.items()},
        "joined": shared([[not row["faults"]] for row in rows]),
        "outside_same": shared([[row["outside_same"]] for row in rows]),
    }


if __name__ == "__main__":
    main()
