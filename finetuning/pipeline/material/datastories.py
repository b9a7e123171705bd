"""datastories.csv (`Prompt,Story`): written safely for spreadsheets, read from whatever they leave.

A prompt holds commas, so that files written without quotes are read by the prompt's fixed wording.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prose import prompts

HEADER = ("Prompt", "Story")
_MOST_CHARACTERS = 10_000_000  # of a cell; Python's own limit is shorter than a long story
# A spreadsheet reads a cell that begins so as a formula. Leading apostrophes are counted in, so
# that taking one off gives back what was there.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r]")

_RECORD = re.compile(rf"^\"?{re.escape(prompts.OPENING)}", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One data row; `row` counts from 1, the header aside, and `line` is where it begins."""

    row: int
    line: int
    prompt: str
    story: str


class DataError(Exception):
    """The file can't be taken in; `problems` has a sentence for each row that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def write_csv(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the CSV text of (prompt, story) pairs, with every cell quoted."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADER)
    for pair in pairs:
        writer.writerow([neutralised(cell) for cell in pair])
    return output.getvalue()


def neutralised(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Return what `neutralised` was given."""
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell


def read_csv(data: bytes) -> list[Entry]:
    """Return the rows of a `Prompt,Story` file, quoted or not. Raises `DataError`."""
    text = _decoded(data)
    first, _, rest = text.partition("\n")
    if [cell.strip().strip('"').lower() for cell in first.split(",")] != ["prompt", "story"]:
        raise DataError(["Line 1: the header has to be Prompt,Story."])
    entries = list(_unquoted(rest) if _is_unquoted(rest) else _quoted(rest))
    if not entries:
        raise DataError(["The file holds no stories."])
    return entries


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        raise DataError(
            [
                f"Line {line} (near row {max(1, line - 1)}): the byte 0x{data[error.start]:02x} "
                "is not UTF-8. Save the file as UTF-8."
            ]
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_unquoted(text: str) -> bool:
    """Tell whether the prompts stand without quotes, so that their own commas split them."""
    first = _RECORD.search(text)
    return first is not None and not first[0].startswith('"') and not text[: first.start()].strip()


def _quoted(text: str) -> Iterator[Entry]:
    csv.field_size_limit(_MOST_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    problems, row, line = [], 0, 2
    found = []
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 2
            if not cells or not any(cell.strip() for cell in cells):
                continue
            row += 1
            if len(cells) != len(HEADER):
                problems.append(
                    f"Row {row} (line {begins}): {len(cells)} cells instead of 2. "
                    "Is a quote missing?"
                )
                continue
            found.append(Entry(row, begins, *(restored(cell) for cell in cells)))
    except csv.Error as error:
        problems.append(f"Row {row + 1} (line {line}): {error}.")
    if problems:
        raise DataError(problems)
    yield from found


def _unquoted(text: str) -> Iterator[Entry]:
    """Yield rows that begin with the prompt's first words and whose prompt ends with its last."""
    starts = [match.start() for match in _RECORD.finditer(text)]
    problems, line, counted = [], 2, 0
    for row, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        record = text[start:end].rstrip("\n")
        line, counted = line + text.count("\n", counted, start), start
        prompt = prompts.leading_prompt(record)
        if prompt is None or record[len(prompt) : len(prompt) + 1] != ",":
            problems.append(
                f"Row {row} (line {line}): the prompt's end is not followed by a comma."
            )
            continue
        story = record[len(prompt) + 1 :].strip()
        # A story may begin and end with speech: its inner quotes are then not doubled.
        quoted = len(story) > 1 and story[0] == story[-1] == '"'
        if quoted and '"' not in story[1:-1].replace('""', ""):
            story = story[1:-1].replace('""', '"')
        yield Entry(row, line, prompt, restored(story))
    if problems:
        raise DataError(problems)


def chat(prompt: str, story: str) -> dict[str, list[dict[str, str]]]:
    """Return the pair in the trainer's conversational prompt/completion form."""
    return {
        "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": story}],
    }
