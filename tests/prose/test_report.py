"""The report counts what is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import finding, languages, report, words
from prose.settings import Settings

TEXT = (
    "Anna's LANTERN burned. The old maps lay open, and nobody had seen them before. "
    "The old maps lay open, and nobody had seen them before."
)


def settings(keywords: str = "lantern") -> Settings:
    """Return settings with these keywords."""
    return Settings(
        main_characters="Anna, Ben",
        keywords=keywords,
        genre="Mystery",
        register="Elegant",
        child_friendly=False,
        max_words=300,
        final_twist=False,
    )


def test_a_report() -> None:
    found = report.story_report(TEXT, settings("lantern, old map, well-kept"))
    assert found == {
        "words": 25,
        "max_words": 300,
        "characters_found": ["Anna"],
        "characters_missing": ["Ben"],
        "keywords_found": ["lantern", "old map"],
        "keywords_missing": ["well-kept"],
        "whole_end": True,
        "repeated_sentences": 1,
        "language": "",
        "language_found": "en",
        "in_language": True,
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
        ("It cost 100%!", "100%", True),
        ("the old map", "old maps map", False),
        ("dying", "die", True),
        ("a" * 400_000 + " " + "b" * 50, "b" * 50, True),
        ("", "x", False),
    ],
)
def test_inflected_and_hyphenated_forms_count(text: str, phrase: str, found: bool) -> None:
    assert report.contains(text, phrase) is found


ENDINGS = ("", "s", "'s", "ing", "ied", "ies", "ational", "ization", "ability", "ogist", "eedly")


@given(st.text("abcdeilmnorstuyzé'", min_size=1, max_size=9), st.sampled_from(ENDINGS))
def test_no_word_is_missed_for_how_it_begins(word: str, ending: str) -> None:
    """Only words that begin like a stem are stemmed: else a long text takes seconds."""
    for told in finding._words(words.folded(word + ending)):
        stem = languages.stem(told, languages.ENGLISH)
        assert (
            told.startswith(finding._beginning(stem)) or told[1:5] == "ying" or not told.isascii()
        )


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("The end.", True),
        ('"The end."', True),
        ("The end", False),
        ("The end…", True),
        ("", False),
        ("他走了。", True),
        ("He saw Mr.", False),
        ("**The end.**", True),
        ("So be it...", True),
    ],
)
def test_the_end(text: str, whole: bool) -> None:
    assert report.story_report(text, settings())["whole_end"] is whole
