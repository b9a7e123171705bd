"""The report counts what is there."""

import pytest

from prose import report
from prose.titles import suggest_title
from tests.conftest import story_settings

TEXT = (
    "Anna's LANTERN burned. The old maps lay open, and nobody had seen them before. "
    "The old maps lay open, and nobody had seen them before."
)


def test_a_report() -> None:
    found = report.story_report(TEXT, story_settings(keywords="lantern, old map, well-kept"))
    assert found == {
        "words": 25,
        "max_words": 300,
        "characters_found": ["Anna"],
        "characters_missing": ["Ben"],
        "keywords_found": ["lantern", "old map"],
        "keywords_missing": ["well-kept"],
        "whole_end": True,
        "repeated_sentences": 1,
    }


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("two boxes", "box", True),
        ("a box-like thing", "box", True),
        ("the boxer", "box", False),
        ("He lit the lamps.", "lamp", True),
        ("She was running away", "run", True),
        ("They danced all night", "dance", True),
        ("the cities burned", "city", True),
        ("a silver-key collector", "silver key", True),
        ("a silver key", "silver-key", True),
        ("the rune", "run", False),
        ("Zoë's hat", "Zoë", True),
        ("C++ is here", "C++", True),
        ("", "x", False),
    ],
)
def test_inflected_and_hyphenated_forms_count(text: str, phrase: str, found: bool) -> None:
    assert report.contains(text, phrase) is found


@pytest.mark.parametrize(
    ("text", "whole"),
    [("The end.", True), ('"The end."', True), ("The end", False), ("The end…", True), ("", False)],
)
def test_the_end(text: str, whole: bool) -> None:
    assert report.story_report(text, story_settings())["whole_end"] is whole


@pytest.mark.parametrize(
    ("characters", "keywords", "title"),
    [
        ("Anna, Ben", "old lighthouse, key", "Anna and the Old Lighthouse"),
        ("Anna", "the house of cards", "Anna and the House of Cards"),
        ("", "lamp", "Lamp"),
        ("Anna", "", "Anna"),
        ("", "", ""),
    ],
)
def test_titles(characters: str, keywords: str, title: str) -> None:
    assert suggest_title(characters, keywords) == title
