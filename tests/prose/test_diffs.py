"""A diff is by words, makes both texts, and is there in time."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from prose import diffs
from tests.prose.test_splice import TEXTS


@given(TEXTS, TEXTS)
def test_a_diff_makes_both_texts(old: str, new: str) -> None:
    found = diffs.word_diff(old, new)
    for segments in (found, diffs.readable(found)):
        assert "".join(text for change, text in segments if change != "added") == old
        assert "".join(text for change, text in segments if change != "removed") == new
        assert all(text for _, text in segments)


def test_a_diff_is_by_words() -> None:
    assert diffs.word_diff("The lantern went out.", "The lamps went out.") == [
        ("same", "The "),
        ("removed", "lantern"),
        ("added", "lamps"),
        ("same", " went out."),
    ]
    scattered = diffs.word_diff("He held the map and ran.", "Wind crossed the yard and slept.")
    assert len(scattered) > len(diffs.readable(scattered)) == 3
    many = " ".join(f"word{number}" for number in range(70_000))  # more than UCS-2 has characters
    assert diffs.word_diff(many, many + " more")[-1] == ("added", " more")


# Rows of one sign, longer than what a change is moved within, with changes between them.
RUNS = st.lists(
    st.tuples(st.sampled_from(",.;m"), st.sampled_from([1, 2, 300, 600, 1200])), max_size=6
).map(lambda runs: "".join(sign * count for sign, count in runs))


@settings(deadline=None, max_examples=50)  # half a second each, for the longest
@given(RUNS, RUNS)
def test_a_change_between_long_rows_makes_both_texts(old: str, new: str) -> None:
    found = diffs.word_diff(old, new)
    assert "".join(text for change, text in found if change != "added") == old
    assert "".join(text for change, text in found if change != "removed") == new
    assert all(one.change != other.change for one, other in pairwise(found))


def test_changes_that_a_word_or_two_keep_apart_are_one() -> None:
    segments = [
        diffs.Segment("removed", "a"),
        diffs.Segment("same", " of "),
        diffs.Segment("added", "b"),
        diffs.Segment("same", " and so it went on "),
        diffs.Segment("removed", "c"),
        diffs.Segment("same", "\n"),
        diffs.Segment("added", "d"),
    ]
    assert diffs.readable(segments) == [
        ("removed", "a of "),
        ("added", " of b"),
        ("same", " and so it went on "),
        ("removed", "c"),
        ("same", "\n"),
        ("added", "d"),
    ]
    assert diffs.readable([]) == []
