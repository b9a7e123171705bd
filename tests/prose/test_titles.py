"""Titles are made of the settings, in a title's capitals."""

import pytest

from prose.titles import sort_key, suggest_title


@pytest.mark.parametrize(
    ("characters", "keywords", "title"),
    [
        ("Anna, Ben", "old lighthouse, key", "Anna and the Old Lighthouse"),
        ("Anna", "the house of cards", "Anna and the House of Cards"),
        ("", "lamp", "Lamp"),
        ("Anna", "", "Anna"),
        ("", "", ""),
        ("", "the well of tears", "Well of Tears"),
        ("Anna", "NASA's of", "Anna and the NASA's of"),
        (" , Ben", ",,key", "Ben and the Key"),
    ],
)
def test_titles(characters: str, keywords: str, title: str) -> None:
    assert suggest_title(characters, keywords) == title


def test_a_title_fits_its_field() -> None:
    assert len(suggest_title("x" * 300, "y" * 300)) == 120
    assert len(suggest_title("Anna", "word " * 60)) == 120


def test_titles_are_sorted_as_a_reader_looks_for_them() -> None:
    in_order = ["Äpfel", "apples", "Chapter 9", "chapter 10", "Ödön", "Öl", "Zoe 2", "Zoë 10", "海"]
    assert sorted(set(in_order), key=sort_key) == in_order
