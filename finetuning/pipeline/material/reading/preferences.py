"""Pairs of texts, of which one was preferred: tables, and the forms of TRL's preference data.

A prompt, what was chosen and what was rejected, as texts or as messages; without a prompt, both
are chats that begin with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from finetuning.pipeline.material.cells import restored
from finetuning.pipeline.material.reading import MAX_BYTES, chats, columns, tables
from finetuning.pipeline.material.reading.decoding import decoded
from finetuning.pipeline.material.reading.entries import DataError, Reading, place

_EMPTY = "{where}: the prompt and both texts have to say something."


@dataclass(frozen=True)
class Preference:
    """One row; `where` names it to a person."""

    where: str
    prompt: str
    chosen: str
    rejected: str


def read(data: bytes) -> list[Preference]:
    """Return the rows of a file, all of them. Raises `DataError`."""
    if len(data) > MAX_BYTES:
        most = f"{MAX_BYTES / 1e6:.0f} MB"
        raise DataError([f"The file has {len(data) / 1e6:.0f} MB; at most {most} are read."])
    text = decoded(data)[0]
    problems: list[str] = []
    found = []
    for one in (_objects if chats.is_json(text) else _table)(text, problems):
        if not (one.prompt.strip() and one.chosen.strip() and one.rejected.strip()):
            problems.append(_EMPTY.format(where=one.where))
        found.append(one)
    if problems:
        raise DataError(problems)
    if not found:
        raise DataError(["The file holds no preferences."])
    return found


def _table(text: str, problems: list[str]) -> Iterator[Preference]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter, names, line, start = tables.header(text, columns.find_pair)
    spaced = f"{delimiter} " in text[:start]
    at = columns.find_pair(names)
    if isinstance(at, str):
        raise DataError([f"Line {line}: {at}"])
    rows, odd = tables.cells_of(text[start:], delimiter, len(names), line + 1, spaced=spaced)
    problems += odd
    for row, (begins, cells) in enumerate(rows, 1):
        if cells:
            yield Preference(place(row, begins), *(restored(cells[index]) for index in at))


def _objects(text: str, problems: list[str]) -> Iterator[Preference]:
    reading = Reading("JSON", "")
    is_list = text.lstrip()[:1] == "["
    for row, (line, found) in enumerate((chats.listed if is_list else chats.lines)(text), 1):
        if row > tables.MAX_ROWS:
            most = f"{tables.MAX_ROWS:,}"
            problems.append(f"The file has more than {most} rows. Bring fewer at a time.")
            return
        try:
            yield Preference(place(row, line), *_texts(found, reading))
        except chats.OddError as odd:
            problems.append(f"{place(row, line)}: {odd}")


def _texts(found: Any, reading: Reading) -> tuple[str, str, str]:
    if isinstance(found, Exception):
        raise chats.OddError(f"no whole JSON: {chats.reason(found)}.")
    if not isinstance(found, dict):
        raise chats.OddError("an object in braces has to stand here.")
    names = list(found)
    if isinstance(found.get("chosen"), list) and "prompt" not in found:
        names = ["chosen", "rejected", "prompt"]
        found = {**found, "prompt": found["chosen"]}
    at = columns.find_pair(names)
    if isinstance(at, str) or not all(names[index] in found for index in at):
        raise chats.OddError("it has to have prompt, chosen and rejected.")
    prompt, chosen, rejected = (found[names[index]] for index in at)
    return chats.asked(prompt, reading), chats.answered(chosen), chats.answered(rejected)
