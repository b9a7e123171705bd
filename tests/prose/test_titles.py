"""Titles are made of the settings, in a title's capitals."""

import pytest

from prose.settings import Settings
from prose.titles import sort_key, suggest_title


def suggested(characters: str = "", keywords: str = "", premise: str = "") -> str:
    """Return the title of a mystery with these settings."""
    return suggest_title(
        Settings(characters, keywords, "Mystery", "Vivid", False, 300, False, premise)
    )


@pytest.mark.parametrize(
    ("characters", "keywords", "title"),
    [
        ("Anna, Ben", "old lighthouse, key", "Anna and the Old Lighthouse"),
        ("Anna", "the house of cards", "Anna and the House of Cards"),
        ("", "lamp", "Lamp"),
        ("Anna", "", "Anna"),
        ("", "", "Mystery story"),
        ("", "the well of tears", "Well of Tears"),
        ("Anna", "NASA's of", "Anna and the NASA's of"),
        (" , Ben", ",,key", "Ben and the Key"),
    ],
)
def test_titles(characters: str, keywords: str, title: str) -> None:
    assert suggested(characters, keywords) == title


@pytest.mark.parametrize(
    ("characters", "keywords", "title"),
    [("Anna, Ben", "alte Karte", "Anna – alte Karte"), ("", "alte Karte", "alte Karte")],
)
def test_no_english_word_is_in_another_languages_title(
    characters: str, keywords: str, title: str
) -> None:
    german = Settings(characters, keywords, "Mystery", "Vivid", False, 300, False, language="de")
    assert suggest_title(german) == title


def test_a_title_fits_its_field() -> None:
    assert len(suggested("x" * 300, "y" * 300)) == 120
    assert len(suggested("Anna", "word " * 60)) == 120
    assert len(suggested(premise="x" * 1000)) <= 120


@pytest.mark.parametrize(
    ("premise", "title"),
    [
        ("a girl finds a door under the sea.", "A girl finds a door under the sea"),
        ("She leaves.\nHe follows.", "She leaves"),
        ("Why does nobody answer? She waits.", "Why does nobody answer?"),
        (
            "The lighthouse keeper, who has not spoken for years, finds a letter.",
            "The lighthouse keeper, who has not spoken for years, finds…",
        ),
        ("她找到一把钥匙。", "她找到一把钥匙"),
    ],
)
def test_what_should_happen_makes_a_title(premise: str, title: str) -> None:
    assert suggested(premise=premise) == title
    assert suggested("Anna", premise=premise) == "Anna"


def test_the_kind_of_story_is_a_title_when_nothing_else_is_known() -> None:
    tragedy = Settings("", "", "Tragedy", "Vivid", False, 300, False)
    assert suggest_title(tragedy) == "Tragedy"


def test_titles_are_sorted_as_a_reader_looks_for_them() -> None:
    in_order = ["Äpfel", "apples", "Chapter 9", "chapter 10", "Ödön", "Öl", "Zoe 2", "Zoë 10", "海"]
    assert sorted(set(in_order), key=sort_key) == in_order
