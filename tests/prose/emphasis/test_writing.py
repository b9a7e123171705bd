"""What is bold or italic in a file comes with signs, where they say so."""

import pytest

from prose.emphasis.writing import marked, unmarked, with_signs


def bold(text: str) -> str:
    return marked(text, bold=True, italic=False)


def italic(text: str) -> str:
    return marked(text, bold=False, italic=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"It was {italic('not')} so.", "It was *not* so."),
        (f"{bold('Stop! ')}he cried.", "**Stop!** he cried."),
        (bold("Sto") + bold("p!"), "**Stop!**"),
        (marked("Both", bold=True, italic=True) + bold(" bold"), "***Both*** **bold**"),
        (f"un{italic('believ')}able", "unbelievable"),
        (italic("one\n\ntwo"), "*one*\n\n*two*"),
        (bold(" ") + "2*3*4", " 2*3*4"),
    ],
)
def test_signs_stand_where_they_are_read(text: str, told: str) -> None:
    assert with_signs(text) == told


def test_a_long_line_is_linear() -> None:
    text = (bold("a") + bold("b") + " ") * 50_000
    assert with_signs(text) == "**ab** " * 50_000
    assert unmarked(text) == "ab " * 50_000
