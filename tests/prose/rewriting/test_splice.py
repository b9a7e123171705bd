"""The arithmetic of passages: whatever the text, nothing outside of the range moves by a byte."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import splice

# Text as people have it: emoji of several code points, combining marks, right to left, CRLF.
WORDS = st.sampled_from(
    [
        "the",
        "lantern",
        "👩‍👩‍👧",
        "🏳️‍🌈",
        "e\u0301",
        "שלום",
        "مرحبا",
        "李雷",
        "don’t",
        "🇮🇹🇫🇷",
        "a",
        ".",
    ]
)
SPACES = st.sampled_from([" ", "\n\n", "\r\n", "\t", "", "\u00a0", "\u200d"])
TEXTS = st.lists(st.tuples(WORDS, SPACES), max_size=25).map(
    lambda parts: "".join(word + space for word, space in parts)
) | st.text(max_size=40)


@st.composite
def texts_with_ranges(draw: st.DrawFn) -> tuple[str, int, int]:
    """A text and any range of it."""
    text = draw(TEXTS)
    start = draw(st.integers(0, len(text)))
    return text, start, draw(st.integers(start, len(text)))


@given(texts_with_ranges(), TEXTS)
def test_a_splice_changes_the_range_only(where: tuple[str, int, int], new: str) -> None:
    text, start, end = where
    spliced = splice.splice(text, start, end, new)
    before, after = text[:start].encode(errors="surrogatepass"), text[end:].encode()
    assert spliced.encode().startswith(before)
    assert spliced.encode().endswith(after)
    assert spliced[start : start + len(new)] == new
    old, kept = (
        splice.hashes(text, start, end),
        splice.hashes(spliced, start, start + len(new)),
    )
    assert old == kept
    assert old.before == hashlib.sha256(before).hexdigest()
    assert splice.splice(spliced, start, start + len(new), text[start:end]) == text


@given(texts_with_ranges(), TEXTS, TEXTS)
def test_a_passage_is_found_again_after_edits_around_it(
    where: tuple[str, int, int], before: str, after: str
) -> None:
    text, start, end = where
    passage = text[start:end]
    edited = before + passage + after
    found = splice.moved(text, edited, start, end)
    if found is not None:
        assert edited[found[0] : found[1]] == passage
    if before == text[:start]:
        assert found == (start, end)


@given(texts_with_ranges(), TEXTS)
def test_an_edit_elsewhere_moves_the_range_by_its_length(
    where: tuple[str, int, int], added: str
) -> None:
    text, start, end = where
    shift = len(added)
    in_front = splice.moved(text, added + text, start, end)
    # An insertion in front may look like one behind when the text repeats itself.
    assert in_front is not None
    assert (added + text)[slice(*in_front)] == text[start:end]
    assert in_front in {(start, end), (start + shift, end + shift)}
    assert splice.moved(text, text + added, start, end) == (start, end)


def test_edits_on_both_sides_and_in_the_passage() -> None:
    old = "One day it rained. The lantern went out. Nobody came."
    start, end = old.index("The lantern"), old.index(" Nobody")
    new = "One fine day it rained. The lantern went out. Somebody came."
    found = splice.moved(old, new, start, end)
    assert found is not None
    assert new[slice(*found)] == "The lantern went out."
    assert splice.moved(old, new.replace("went", "blew"), start, end) is None
    assert splice.moved(old, "", start, end) is None


def test_a_passage_that_reads_like_others_is_never_guessed() -> None:
    old = "He ran. He ran. He ran."
    assert splice.moved(old, "Then he fell.", 8, 15) is None
    new = "At first: he ran. He ran. Now: he ran."
    found = splice.moved(old, new, 8, 15)
    assert found is None or new[slice(*found)] == "He ran."


def test_a_passage_that_is_gone_is_not_found_in_one_that_reads_the_same() -> None:
    old = "The end. Alpha beta. The end."
    assert splice.moved(old, "Alpha beta. The end.", 0, 8) is None


@pytest.mark.parametrize(
    ("start", "end", "passage", "there"),
    [(0, 3, "One", True), (0, 0, "", False), (4, 99, "two", False), (4, 7, "Two", False)],
)
def test_is_at(start: int, end: int, passage: str, there: bool) -> None:
    assert splice.is_at("One two", start, end, passage) is there
