"""The stories as files: datastories.csv (`Prompt,Story`), safe for spreadsheets, and chat rows.

What others leave of such files is read by `finetuning.pipeline.material.reading`.
"""

import csv
import io
from collections.abc import Iterable

from finetuning.pipeline.material.cells import neutralised, restored
from finetuning.pipeline.material.reading import DataError, Entry, read

__all__ = ["HEADER", "DataError", "Entry", "chat", "read_csv", "restored", "write_csv"]

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
