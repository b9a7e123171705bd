"""The stories as files: datastories.csv (`Prompt,Story`), safe for spreadsheets, and chat rows.

What others leave of such files is read by `finetuning.pipeline.material.reading`.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from finetuning.pipeline.material.cells import neutralised, restored
from finetuning.pipeline.material.reading import DataError, Entry, read

__all__ = [
    "HEADER",
    "DataError",
    "Entry",
    "chat",
    "lines",
    "mark",
    "preference",
    "read_csv",
    "restored",
    "write_csv",
]

HEADER = ("Prompt", "Story")


def write_csv(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the CSV text of (prompt, story) pairs, with every cell quoted."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADER)
    for pair in pairs:
        writer.writerow([neutralised(cell) for cell in pair])
    return output.getvalue()


def read_csv(data: bytes) -> list[Entry]:
    """Return the rows of a file of stories, all of them. Raises `DataError`."""
    found = read(data)
    if found.problems:
        raise DataError(found.problems)
    return found.entries


def chat(prompt: str, story: str) -> dict[str, list[dict[str, str]]]:
    """Return the pair in the trainer's conversational prompt/completion form."""
    return {
        "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": story}],
    }


def preference(choice: Any) -> dict[str, list[dict[str, str]]]:
    """Return a `Choice` in the trainer's conversational preference form.

    What was given of the answer stands in both: what is the same in both teaches nothing.
    """
    given = f"{choice['given']} " if choice.get("given") else ""
    sides = {side: chat("", given + choice[side])["completion"] for side in ("chosen", "rejected")}
    return {"prompt": chat(choice["prompt"], "")["prompt"], **sides}


def mark(marked: Any) -> dict[str, Any]:
    """Return a `Mark` in the trainer's conversational form of unpaired preferences."""
    return {**chat(marked["prompt"], marked["text"]), "label": marked["good"]}


def lines(objects: Iterable[Any]) -> str:
    """Return the text of a JSON Lines file."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)
