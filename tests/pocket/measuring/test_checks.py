"""The five checks of a story, each failing alone."""

from dataclasses import replace

import pytest

from pocket.measuring.checks import Checks, checked, cleaned, shown
from prose.settings import Settings

ASKED = Settings("Zoë, Mr. Pope", "brass key", "Mystery", "Direct", False, 20, False)
STORY = "Zoë gave Mr. Pope the brass key. He opened the box with it, and it was empty."


def failed(told: Checks) -> set[str]:
    return {name for name, kept in told.items() if not kept}


def test_a_story_that_keeps_to_everything_passes() -> None:
    assert failed(checked(STORY, ASKED, ended=True)) == set()


@pytest.mark.parametrize(
    ("text", "ended", "fails"),
    [
        (STORY.replace("Pope", "Poe"), True, {"names"}),
        (STORY.replace("brass", "iron"), True, {"keywords"}),
        (STORY.removesuffix("."), True, {"ending", "ends"}),
        (STORY, False, {"ending", "ends"}),
        (f"{STORY} He sighed and left.", True, {"within", "ends"}),
        ("", True, {"names", "keywords", "within", "ending", "ends"}),
    ],
)
def test_each_check_fails_alone(text: str, ended: bool, fails: set[str]) -> None:
    assert failed(checked(text, ASKED, ended=ended)) == fails | {"all_five"}


def test_a_repeated_sentence_is_found() -> None:
    asked = replace(ASKED, max_words=100)
    assert failed(checked(f"{STORY} {STORY}", asked, ended=True)) == {"unrepeated", "all_five"}


def test_what_the_app_takes_away_does_not_count() -> None:
    assert cleaned(f"Sure! Here is the story:\n\n{STORY}") == STORY


def test_a_cut_story_is_shown_in_whole_sentences() -> None:
    cut = f"{STORY} Then she"
    assert shown(cut, ASKED, ended=False) == STORY
    assert shown(STORY, ASKED, ended=True) == STORY
    assert shown(f"{STORY} He sighed and left.", ASKED, ended=True) == STORY
