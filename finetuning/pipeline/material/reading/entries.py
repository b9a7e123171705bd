"""What is read of a file: rows, what was found on the way, and what is wrong."""

from dataclasses import dataclass, field

from prose import said


@dataclass(frozen=True)
class Entry:
    """One data row; `row` counts from 1, the header aside, and `line` is where it begins.

    0 where a file has no lines to count.
    """

    row: int
    line: int
    prompt: str
    story: str

    @property
    def where(self) -> str:
        """The row, as a sentence about it begins."""
        return place(self.row, self.line)


def place(row: int, line: int) -> str:
    """Return how a row is named to a person."""
    if line:
        return said("Row %(row)s (line %(line)s)", row=row, line=line)
    return said("Row %(row)s", row=row)


def at_place(row: int, line: int, wrong: str) -> str:
    """Return the sentence that something is wrong with a row."""
    if line:
        return said("Row %(row)s (line %(line)s): %(wrong)s", row=row, line=line, wrong=wrong)
    return said("Row %(row)s: %(wrong)s", row=row, wrong=wrong)


@dataclass
class Reading:
    """A file as it was read; with `problems`, `entries` has only the rows that could be."""

    form: str  # "CSV", "JSON Lines" or "JSON"
    encoding: str
    delimiter: str = ""  # in words; none in JSON
    prompt: str = ""  # the column that holds it
    story: str = ""
    ignored: list[str] = field(default_factory=list)  # the other columns
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class DataError(Exception):
    """The file can't be taken in; `problems` has a sentence for each row that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
