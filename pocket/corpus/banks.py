"""The authored sentences: one TOML file per genre and per register, and what all of them share."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

Lines = dict[str, list[str]]


@dataclass(frozen=True)
class Banks:
    """Lists of sentence patterns by purpose; genres and registers by their name in the prompt."""

    genres: dict[str, Lines]
    registers: dict[str, Lines]
    shared: Lines


@cache
def load() -> Banks:
    """Read every bank."""
    shared = tomllib.loads((FOLDER / "shared.toml").read_text())
    return Banks(_folder("genres"), _folder("registers"), shared)


def _folder(name: str) -> dict[str, Lines]:
    banks = {}
    for path in sorted((FOLDER / name).glob("*.toml")):
        lines = tomllib.loads(path.read_text())
        banks[lines.pop("name", path.stem.capitalize())] = lines
    return banks


def pattern_count() -> int:
    """Return how many sentence patterns there are."""
    banks = load()
    groups = [*banks.genres.values(), *banks.registers.values(), banks.shared]
    return sum(len(lines) for group in groups for lines in group.values())
