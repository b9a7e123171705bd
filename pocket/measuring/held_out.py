"""The held-out settings: chosen by hand as writers would, with nothing of the training stories."""

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from prose.settings import Settings

_HERE = Path(__file__).parent
SETTINGS, LETTERS = _HERE / "settings.csv", _HERE / "letters.csv"
GENRES = (
    *("Adventure", "Biography", "Comedy", "Drama", "Fantasy", "Gothic", "Historical", "Horror"),
    *("Mystery", "Quirky", "Romance", "Sci-fi", "Thriller", "Tragedy", "War"),
)
REGISTERS = (
    *("Casual", "Cerebral", "Conversational", "Descriptive", "Direct", "Elegant", "Formal"),
    *("Irreverent", "Playful", "Vivid"),
)


@dataclass(frozen=True)
class Letter:
    """A capital, and settings that differ by nothing but a name that begins with it."""

    letter: str
    settings: Settings

    @property
    def script(self) -> str:
        """Which of "plain", "marked", "cyrillic" and "greek" it is."""
        if self.letter.isascii():
            return "plain"
        script = unicodedata.name(self.letter).partition(" ")[0].lower()
        return "marked" if script == "latin" else script


def settings() -> list[Settings]:
    """Return the 300 settings; any number of the first ones is as mixed as all of them."""
    return [
        Settings(
            main_characters=row["names"],
            keywords=row["keywords"],
            genre=row["genre"],
            register=row["register"],
            child_friendly=row["child"] == "yes",
            max_words=int(row["max"]),
            final_twist=row["twist"] == "yes",
        )
        for row in _rows(SETTINGS)
    ]


def letters() -> list[Letter]:
    """Return a plain setting of 100 words for each capital that names begin with."""
    return [
        Letter(
            row["letter"],
            Settings(
                main_characters=row["name"],
                keywords="window",
                genre="Drama",
                register="Direct",
                child_friendly=False,
                max_words=100,
                final_twist=False,
            ),
        )
        for row in _rows(LETTERS)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
