"""The authored sentences: one text file per genre and per register, and what all of them share.

A file holds sections (`= name`), one pattern a line; a genre's plots (`== name`) have sections of
their own. `style.py` says what the marks in a pattern mean.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

Lines = dict[str, list[str]]

# Sections of names, words and settings of the style: no sentences.
_NO_SENTENCES = {"name", "places", "objects", "roles", "style", "words", "lead", "tail"}
_NO_SENTENCES |= {f"lead {place}" for place in ("open", "on", "close")}


@dataclass(frozen=True)
class Genre:
    """What the genre's stories share, and its plots: a list of patterns for each beat."""

    lines: Lines
    plots: dict[str, Lines]


@dataclass(frozen=True)
class Banks:
    """Genres and registers by their name in the prompt."""

    genres: dict[str, Genre]
    registers: dict[str, Lines]
    shared: Lines


@cache
def load() -> Banks:
    """Read every bank."""
    genres = {}
    for path in sorted((FOLDER / "genres").glob("*.txt")):
        parts = read_sections(path)
        lines = parts.pop("")
        genres[lines.pop("name")[0]] = Genre(lines, parts)
    registers = {
        path.stem.capitalize(): read_sections(path)[""]
        for path in sorted((FOLDER / "registers").glob("*.txt"))
    }
    return Banks(genres, registers, read_sections(FOLDER / "shared.txt")[""])


def read_sections(path: Path) -> dict[str, Lines]:
    """Return the file's lines by plot ("" before the first) and section."""
    parts: dict[str, Lines] = {"": {}}
    section: list[str] = []
    current = parts[""]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            current = parts[line[3:]] = {}
        elif line.startswith("= "):
            section = current[line[2:]] = []
        elif line:
            section.append(line)
    return parts


def patterns() -> list[str]:
    """Return every sentence pattern."""
    return [line for section, line in _lines() if section not in _NO_SENTENCES]


def all_lines() -> list[str]:
    """Return every line that any story may contain: patterns, places, objects, words of style."""
    return [line for _, line in _lines()]


def _lines() -> list[tuple[str, str]]:
    loaded = load()
    groups = [loaded.shared, *loaded.registers.values()]
    for genre in loaded.genres.values():
        groups += [genre.lines, *genre.plots.values()]
    return [
        (section, line) for group in groups for section, lines in group.items() for line in lines
    ]


def twist_markers() -> list[str]:
    """Return the phrases one of which opens every twist, and that stand nowhere else."""
    loaded = load()
    registers = (marker for bank in loaded.registers.values() for marker in bank["twist"])
    return [*loaded.shared["twist"], *registers]
