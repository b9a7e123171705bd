"""What a story is asked to be: the ten settings that a prompt is made of."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, Self


class HasSettings(Protocol):
    """Whatever carries the ten settings, such as a database row."""

    @property
    def main_characters(self) -> str: ...
    @property
    def keywords(self) -> str: ...
    @property
    def genre(self) -> str: ...
    @property
    def register(self) -> str: ...
    @property
    def child_friendly(self) -> bool: ...
    @property
    def max_words(self) -> int: ...
    @property
    def final_twist(self) -> bool: ...
    @property
    def premise(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def reader_age(self) -> int | None: ...


@dataclass(frozen=True)
class Settings:
    """The ten settings; names and keywords are separated by commas, of any script.

    Names, keywords and the premise may be empty.
    """

    main_characters: str
    keywords: str
    genre: str
    register: str
    child_friendly: bool
    max_words: int  # as `prose.words` counts them
    final_twist: bool
    premise: str = ""  # what should happen, in the writer's words
    language: str = ""  # a code of `prose.languages.offered`; empty for English
    reader_age: int | None = None  # years, if it is written for readers of about that age

    @classmethod
    def of(cls, source: HasSettings) -> Self:
        """Return the settings that `source` carries among other things."""
        return cls(**{name: getattr(source, name) for name in FIELDS})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on. Raises `KeyError` where one is missing.

        What was kept before there was a premise, a language or an age has none.
        """
        return cls(**{name: values[name] for name in FIELDS if name in values or name not in _NEW})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings by their names, in the order of the form."""
        return asdict(self)

    @property
    def character_list(self) -> tuple[str, ...]:
        """The main characters' names, one by one."""
        return tuple(split_list(self.main_characters))

    @property
    def keyword_list(self) -> tuple[str, ...]:
        """The keywords, one by one."""
        return tuple(split_list(self.keywords))


FIELDS = tuple(field.name for field in fields(Settings))
_NEW = frozenset({"premise", "language", "reader_age"})


# Commas and semicolons of all scripts that have their own.
_COMMAS = re.compile(
    "[,;\u055d\u060c\u061b\u07f8\u1363\u1364\u1802\u1808\u2e32\u2e35\u2e41\u2e4c\u3001\ua4fe\ua60d\ua6f5"
    "\ufe10\ufe11\ufe14\ufe45\ufe46\ufe50\ufe51\ufe54\uff0c\uff1b\uff64]"
)


def split_list(text: str) -> list[str]:
    """Return the entries of a comma-separated field."""
    return [entry.strip() for entry in _COMMAS.split(text) if entry.strip()]
