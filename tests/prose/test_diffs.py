"""A diff is by words, makes both texts, and is there in time; changes that don't touch merge."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prose import diffs
from tests.prose.rewriting.test_splice import TEXTS


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


# ---- Merging ----

BASE = "Anna lit the lantern and waited.\n\nBen came up the stairs.\n\nThe door stood open."


@pytest.mark.parametrize(
    ("mine", "theirs", "together"),
    [
        (
            BASE.replace("the lantern", "the old lantern"),
            BASE.replace("stood open", "was shut"),
            BASE.replace("the lantern", "the old lantern").replace("stood open", "was shut"),
        ),
        (  # in the same paragraph
            BASE.replace("lit the", "found a"),
            BASE.replace("waited", "slept"),
            BASE.replace("lit the", "found a").replace("waited", "slept"),
        ),
        (  # a paragraph more, and one gone
            BASE.replace("Ben came", "It rained.\n\nBen came"),
            BASE.replace("\n\nThe door stood open.", ""),
            BASE.replace("Ben came", "It rained.\n\nBen came").replace(
                "\n\nThe door stood open.", ""
            ),
        ),
        (  # the same change in both, and one more
            BASE.replace("Anna", "Eve"),
            BASE.replace("Anna", "Eve").replace("open", "shut"),
            BASE.replace("Anna", "Eve").replace("open", "shut"),
        ),
        (BASE, BASE + " And more.", BASE + " And more."),
        (BASE + "🙂", "🙂 " + BASE, "🙂 " + BASE + "🙂"),
    ],
)
def test_changes_that_do_not_touch_come_together(mine: str, theirs: str, together: str) -> None:
    assert diffs.merged(BASE, mine, theirs) == together
    assert diffs.merged(BASE, theirs, mine) == together


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (BASE + " One.", BASE + " Two."),
        ("One. " + BASE, "Two. " + BASE),
        (BASE.replace("lantern", "lamp"), BASE.replace("lantern", "candle")),
        (BASE.replace("lantern", "lamp"), BASE.replace("lantern and", "lantern, and")),
        (BASE.replace("lantern", "lamp"), BASE.partition("\n\n")[2]),
        (BASE.replace("Ben", "Tom"), ""),
    ],
)
def test_changes_that_touch_do_not(mine: str, theirs: str) -> None:
    assert diffs.merged(BASE, mine, theirs) is None
    assert diffs.merged(BASE, theirs, mine) is None


def test_what_is_written_into_an_empty_text_twice_touches() -> None:
    assert diffs.merged("", "Mine.", "Theirs.") is None
    assert diffs.merged("", "Mine.", "") == "Mine."


def _typed(text: str, chance: random.Random) -> str:
    """Return `text` as somebody leaves it after a few changes."""
    words = text.split(" ")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(words))
        new = [f"{chance.choice('abc')}{chance.randrange(9**6)}"] * chance.randint(0, 2)
        words[at : at + chance.randint(0, 3)] = [
            *new,
            "" if chance.random() < 0.1 else "end.\n\nBy",
        ]
    return " ".join(words)


@pytest.mark.parametrize("seed", range(60))
def test_nothing_that_was_typed_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    base = " ".join(
        chance.choice(["the", "cat", "sat.\n\nA", "dog", "ran", "走。"]) for _ in range(80)
    )
    mine, theirs = _typed(base, chance), _typed(base, chance)
    together = diffs.merged(base, mine, theirs)
    assert together == diffs.merged(base, theirs, mine)
    if together is not None:
        for edit in (*diffs.edits(base, mine), *diffs.edits(base, theirs)):
            assert edit.text in together
    assert (
        diffs.merged(base, mine, base)
        == diffs.merged(base, base, mine)
        == diffs.merged(base, mine, mine)
        == mine
    )


def test_edits_make_the_new_text_of_the_old_one() -> None:
    chance = random.Random(5)
    for _ in range(50):
        new, at = _typed(BASE, chance), 0
        made = ""
        for start, end, text in diffs.edits(BASE, new):
            made, at = made + BASE[at:start] + text, end
        assert made + BASE[at:] == new
    assert diffs.edits("One two.", "One two. Three.") == [diffs.Edit(8, 8, " Three.")]
