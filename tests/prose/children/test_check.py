"""What is found, where, and what is not; that nothing unlooked-at is let through."""

from dataclasses import replace

import pytest

from prose.children import check
from prose.children.gate import Gate
from prose.settings import Settings

GENTLE = (
    "Rosie baked a plum cake for the whole village, and the old donkey was given the first slice."
)
BRUTAL = (
    "The murderer stabbed the old man in the throat again and again, "
    "until blood ran down the walls and the screaming stopped."
)
GERMAN = "Der Mörder und die alte Frau waren nicht in dem Haus, und er ist mit ihr auf das Dach."


def settings(*, child_friendly: bool) -> Settings:
    """Return settings of a story for children, or of another."""
    return Settings(
        main_characters="",
        keywords="",
        genre="Comedy",
        register="Casual",
        child_friendly=child_friendly,
        max_words=300,
        final_twist=False,
    )


@pytest.mark.parametrize(("asked", "hard"), [(None, False), (5, True), (14, False)])
def test_how_it_reads_is_told_beside_the_age_asked_for(asked: int | None, hard: bool) -> None:
    wanted = replace(settings(child_friendly=False), reader_age=asked)
    text = f"{BRUTAL} {GENTLE}"
    told = dict(check.about(text, wanted)["reading"])
    assert (told["asked"], told["too_hard"]) == (asked, hard)
    assert "reading" not in check.about(GERMAN * 3, wanted)


def test_the_sentence_is_named_with_its_place_and_category() -> None:
    text = f"{GENTLE}\n\n{BRUTAL}\n\n{GENTLE}"
    found = check.children_report(text)
    assert found["checked"]
    assert [(each["category"], each["start"]) for each in found["findings"]] == [
        ("violence", len(GENTLE) + 2)
    ]
    assert found["findings"][0]["sentence"] == BRUTAL


@pytest.mark.parametrize("text", [f"{BRUTAL} {GENTLE}", f"{GENTLE} {BRUTAL} {GENTLE}"])
def test_a_cake_in_the_next_sentence_does_not_hide_a_murder(text: str) -> None:
    found = check.children_report(text)["findings"]
    assert [(each["category"], each["sentence"]) for each in found] == [("violence", BRUTAL)]


@pytest.mark.parametrize(
    "text",
    [
        GENTLE,
        "Dad killed the lights, the candles came in, and everybody sang for her birthday.",
        "The witch baked gingerbread for the children and asked them about their cats.",
    ],
)
def test_nothing_is_found_in_what_only_looks_like_it(text: str) -> None:
    assert check.children_report(text)["findings"] == []


def test_a_word_that_no_such_story_has_is_found_whatever_stands_around_it() -> None:
    text = f"{GENTLE} Then she sold them a little bag of heroin with the cake."
    assert [each["category"] for each in check.children_report(text)["findings"]] == ["drugs"]


@pytest.mark.parametrize("text", [GERMAN, "老人在森林里杀了一只狼。" * 3])
def test_another_language_is_said_to_be_unchecked(text: str) -> None:
    found = check.children_report(text)
    assert (found["checked"], found["why_not"], found["findings"]) == (False, "language", [])


def test_of_a_long_text_the_beginning_is_checked_and_that_is_said() -> None:
    found = check.children_report(f"{GENTLE}\n" * 300)
    assert (found["checked"], found["why_not"], found["findings"]) == (True, "length", [])


def test_only_what_is_meant_for_children_is_looked_at() -> None:
    assert "children" not in check.about(BRUTAL, settings(child_friendly=False))
    assert "children" in check.about(BRUTAL, settings(child_friendly=True))


@pytest.mark.parametrize("size", [1, 7, 400])
def test_the_gate_lets_whole_passages_through_until_it_finds_something(size: int) -> None:
    text = f"{GENTLE}\n\n{BRUTAL}\n\n{GENTLE}"
    gate, shown = Gate(), ""
    for start in range(0, len(text), size):
        shown += gate.feed(text[start : start + size])
    shown += gate.rest()
    assert shown.rstrip() == GENTLE
    assert (gate.found, gate.passed) == ("violence", shown)


def test_what_cannot_be_looked_at_is_let_through_whole() -> None:
    gate = Gate()
    shown = gate.feed(f"{GENTLE}\n")
    assert gate.due(f"{BRUTAL}\n{GENTLE}") == len(BRUTAL) + 1
    shown += gate.open() + gate.feed(" And on.") + gate.rest()
    assert shown == gate.passed == f"{GENTLE}\n{BRUTAL}\n{GENTLE} And on."


@pytest.mark.parametrize("size", [1, 50])
def test_the_gate_changes_nothing_of_what_is_harmless(size: int) -> None:
    text = f"{GENTLE} {GENTLE}\n\n  {GENTLE} {GENTLE} {GENTLE} {GENTLE} {GENTLE}\n"
    gate = Gate()
    pieces = [gate.feed(text[start : start + size]) for start in range(0, len(text), size)]
    assert sum(map(bool, pieces)) > 1
    assert "".join(pieces) + gate.rest() == text
