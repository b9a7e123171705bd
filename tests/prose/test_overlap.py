"""What follows the passage is noticed while it is still coming, and nothing else is held back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import overlap


def tells_the_road(text: str) -> bool:
    """Tell whether the words "the road went" come in a row."""
    words = [word for word, _, _ in overlap.keyed_words(text)]
    return ["the", "road", "went"] in [words[index : index + 3] for index in range(len(words))]


@given(st.lists(st.sampled_from([" the", " road", " went", " ro", "ad", ".", " and", " 🙂", "\n"])))
def test_what_follows_is_never_shown_and_nothing_else_is_lost(pieces: list[str]) -> None:
    following = overlap.opening(" The road went down.", inside_sentence=False)
    assert following == ["the", "road", "went", "down"]
    lookout = overlap.Lookout(following[:3])
    shown = "".join(lookout.feed(piece) for piece in pieces) + lookout.rest()
    whole = "".join(pieces)
    assert whole.startswith(shown)
    told = tells_the_road(whole)
    assert not tells_the_road(shown)
    if not lookout.ended and not told:
        assert shown == whole


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([" She went up the ro", "ad", " went", "."], " She went up"),
        ([" the road", " wentworth", " x"], " the road wentworth x"),
        ([' "The', " road", " went"], ""),
        ([" the", " roa"], " the roa"),
    ],
)
def test_the_lookout_waits_for_whole_words(pieces: list[str], shown: str) -> None:
    lookout = overlap.Lookout(["the", "road", "went"])
    assert "".join(lookout.feed(piece) for piece in pieces) + lookout.rest() == shown


@pytest.mark.parametrize(
    ("text", "inside", "words"),
    [
        (
            "The road went down to the sea, and on.",
            False,
            ["the", "road", "went", "down", "to", "the"],
        ),
        ("He ran. Then she slept.", False, ["he", "ran", "then"]),
        ("— “Go,” she said", True, ["go", "she"]),
        ("…", False, []),
    ],
)
def test_the_words_that_an_opening_is_known_by(text: str, inside: bool, words: list[str]) -> None:
    assert overlap.opening(text, inside_sentence=inside) == words


@pytest.mark.parametrize(
    ("word", "compared"),
    [("“Don’t!”", "dont"), ("STRASSE", "strasse"), ("e\u0301", "e"), ("—", "")],
)
def test_what_is_compared_of_a_word(word: str, compared: str) -> None:
    assert overlap.key(word) == compared


@pytest.mark.parametrize("noise", ["-", "… ", "\n"])
def test_signs_are_not_held_for_ever(noise: str) -> None:
    lookout = overlap.Lookout(["the", "road", "went"])
    shown = lookout.feed("the") + "".join(lookout.feed(noise) for _ in range(1000))
    assert len(shown) > 500
    shown += lookout.rest()
    assert shown == "the" + noise * 1000


@pytest.mark.parametrize(
    ("text", "inside", "told"),
    [
        ("他停下脚步，抬头望着那束光。", False, "他停下脚步抬头望着"),
        ("他走了。她来了。", False, "他走了"),
        ("的光亮着", True, "的光亮着"),
        ("เขาหยุดเดิน แล้วมอง", True, None),
    ],
)
def test_where_no_spaces_are_an_opening_is_characters(
    text: str, inside: bool, told: str | None
) -> None:
    found = overlap.opening(text, inside_sentence=inside)
    assert all(len(character) == 1 for character in found)
    assert "".join(found).startswith(told or "เขา")
    assert len(found) >= 4


@pytest.mark.parametrize("size", [1, 2, 5])
def test_what_follows_is_noticed_without_spaces(size: int) -> None:
    lookout = overlap.Lookout(overlap.opening("他停下脚步，望着光。", inside_sentence=False))
    text = "大海睡着了。他停了停。他停下脚步,望着光。然后"
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    shown = "".join(lookout.feed(piece) for piece in pieces) + lookout.rest()
    assert shown == "大海睡着了。他停了停。"
    assert lookout.ended


def test_the_form_of_a_character_does_not_matter() -> None:
    assert overlap.key("E\u0301LODIE!") == overlap.key("élodie")
    assert overlap.key("שָׁלוֹם") == overlap.key("שלום")
    assert overlap.key("कि") != overlap.key("का")
    assert overlap.key("❤\ufe0f") == ""
