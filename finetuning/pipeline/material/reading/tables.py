"""Tables of cells: CSV with commas, semicolons, tabs or bars, quoted or not.

A prompt holds commas, so that files written without quotes are read by the prompt's fixed wording.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence

from finetuning.pipeline.material.cells import restored
from finetuning.pipeline.material.reading import columns
from finetuning.pipeline.material.reading.entries import DataError, Entry, Reading, at_place
from prose import prompts, said

MAX_ROWS = 10_000
_MOST_CHARACTERS = 10_000_000  # of a cell; Python's own limit is shorter than a long story
_LONGEST_HEADER = 10_000
_MOST_CELLS = 500
DELIMITERS = {",": said("comma"), ";": said("semicolon"), "\t": said("tab"), "|": said("bar")}
# What Excel is told the delimiter by; it is no row.
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_RECORD = re.compile(rf"^\"?{re.escape(prompts.OPENING)}", re.MULTILINE)

_Row = tuple[int, list[str]]  # the line where it begins, and its cells


def read(text: str, encoding: str) -> Reading:
    """Return the rows of a table. Raises `DataError` when its header can't be made out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter, names, line, start = header(text, columns.find)
    spaced = f"{delimiter} " in text[:start]
    found = columns.find(names)
    if isinstance(found, str):
        raise DataError([said("Line %(line)s: %(found)s", line=line, found=found)])
    reading = Reading("CSV", encoding, DELIMITERS.get(delimiter, delimiter))
    reading.prompt, reading.story = (names[index].strip() for index in found)
    body = text[start:]
    reading.ignored = [
        name.strip() for index, name in enumerate(names) if index not in found and name.strip()
    ]
    rows, problems = cells_of(body, delimiter, len(names), line + 1, spaced=spaced)
    by_wording = found == (0, 1) and len(names) == 2 and _is_unquoted(body)
    if by_wording and (problems or _run_together(rows)):
        reading.entries, reading.problems = _unquoted(body, delimiter, line + 1)
    else:
        reading.problems = problems
        reading.entries = [
            Entry(row, begins, *(restored(cells[index]) for index in found))
            for row, (begins, cells) in enumerate(rows, 1)
            if cells
        ]
    return reading


def too_many() -> str:
    """Return the sentence on a file that is too long."""
    most = f"{MAX_ROWS:,}"
    return said("The file has more than %(most)s rows. Bring fewer at a time.", most=most)


def header(text: str, find: Callable[[Sequence[str]], object]) -> tuple[str, list[str], int, int]:
    """Return the delimiter, the names, the line of the header, and where the rows begin.

    `find` gives a sentence for names of which it can't tell what they hold.
    """
    line, start, named = 1, 0, ""
    while True:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        first = text[start : min(end, start + _LONGEST_HEADER)]
        separator = None if named else _SEPARATOR.fullmatch(first)
        if separator:
            named = separator[1]
        elif first.strip() or end == len(text):
            break
        line, start = line + 1, end + 1
    tried = [(mark, _split(first, mark)) for mark in (named or "".join(DELIMITERS))]
    clear = [found for found in tried if not isinstance(find(found[1]), str)]
    delimiter, names = max(clear or tried, key=lambda found: len(found[1]))
    return delimiter, names, line, min(end + 1, len(text))


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter in '"\n':
        raise DataError([said("Line 1: sep= has to name a comma, a semicolon or the like.")])
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])[:_MOST_CELLS]
    while len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return cells


def _is_unquoted(text: str) -> bool:
    """Tell whether the prompts stand without quotes, so that their own commas may split them."""
    first = _RECORD.search(text)
    return first is not None and not first[0].startswith('"') and not text[: first.start()].strip()


def _run_together(rows: list[_Row]) -> bool:
    """Tell whether a cell goes on over the next prompt: what opened it was speech, not a quote."""
    return any(match.start() for _, cells in rows for c in cells for match in _RECORD.finditer(c))


def cells_of(
    text: str, delimiter: str, width: int, line: int, *, spaced: bool
) -> tuple[list[_Row], list[str]]:
    """Return the rows (without cells where one is wrong), and what is wrong.

    `spaced`: what follows a delimiter's space is quoted, as the header shows.
    """
    csv.field_size_limit(_MOST_CHARACTERS)
    reader = csv.reader(
        io.StringIO(text, newline=""), strict=True, delimiter=delimiter, skipinitialspace=spaced
    )
    rows: list[_Row] = []
    problems: list[str] = []
    before = line
    begins = line
    try:
        for cells in reader:
            begins, line = line, reader.line_num + before
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MAX_ROWS:
                problems.append(too_many())
                break
            # Spreadsheets fill short rows up, and give all of them the width of the longest.
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            rows.append((begins, cells if len(cells) == width else []))
            if len(cells) != width:
                wrong = said(
                    "%(cells)s cells instead of %(width)s. Is a quote missing?",
                    cells=len(cells),
                    width=width,
                )
                problems.append(at_place(len(rows), begins, wrong))
    except csv.Error as error:
        problems.append(at_place(len(rows) + 1, line, f"{error}."))
    return rows, problems


def _unquoted(text: str, delimiter: str, line: int) -> tuple[list[Entry], list[str]]:
    """Return rows that begin with the prompt's first words and whose prompt ends with its last."""
    entries: list[Entry] = []
    problems: list[str] = []
    for row, begins, record in _records(text, line):
        if row > MAX_ROWS:
            problems.append(too_many())
            break
        prompt = prompts.leading_prompt(record)
        if prompt is None or record[len(prompt) : len(prompt) + 1] != delimiter:
            wrong = said(
                "the prompt's end is not followed by a %(delimiter)s.",
                delimiter=DELIMITERS.get(delimiter, delimiter),
            )
            problems.append(at_place(row, begins, wrong))
            continue
        story = record[len(prompt) + 1 :].strip()
        # A story may begin and end with speech: its inner quotes are then not doubled.
        quoted = len(story) > 1 and story[0] == story[-1] == '"'
        if quoted and '"' not in story[1:-1].replace('""', ""):
            story = story[1:-1].replace('""', '"')
        entries.append(Entry(row, begins, prompt, restored(story)))
    return entries, problems


def _records(text: str, line: int) -> Iterator[tuple[int, int, str]]:
    """Yield each row's number, the line where it begins, and its text."""
    starts = [match.start() for match in _RECORD.finditer(text)]
    counted = 0
    for row, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        line, counted = line + text.count("\n", counted, start), start
        yield row, line, text[start:end].rstrip("\n")
