"""Bold and italic in the plain text; the page reads the same cases (`tests/browser/desk`)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose.emphasis import signs

CASES = json.loads((Path(__file__).parents[2] / "cases" / "emphasis.json").read_text())


@pytest.mark.parametrize(("line", "told"), CASES)
def test_a_line_is_read(line: str, told: list[list[str]]) -> None:
    found = [[p.text, "b" * p.bold + "i" * p.italic] for p in signs.pieces(line)]
    assert found == told
    assert signs.plain(line) == "".join(text for text, _ in told)


def test_an_emphasis_ends_with_its_line() -> None:
    assert signs.plain("*one\ntwo*\n\n**three**") == "*one\ntwo*\n\nthree"


@given(st.text(st.sampled_from([*"*a .é字", "\u0301", "\n"]), max_size=40))
def test_only_asterisks_are_taken(text: str) -> None:
    plain = signs.plain(text)
    assert plain.replace("*", "") == text.replace("*", "")
    for line in text.split("\n"):
        for start, end, size in signs.spans(line):
            assert start < end
            assert line[start - size : start] == line[end : end + size] == "*" * size


@pytest.mark.parametrize("line", ["*a " * 99_999, "*" * 99_999, "a* " * 99_999, "**a *b" * 9_999])
def test_unbalanced_signs_stay(line: str) -> None:
    assert signs.plain(line) == line


def test_many_emphases_are_read() -> None:
    assert signs.plain("*a* **b** " * 50_000) == "a b " * 50_000
