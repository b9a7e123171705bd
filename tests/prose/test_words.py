"""A word is what Unicode's rules say, in every script, in one piece or in many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import WordBreaker

from prose import words
from tests.support.scripts import TEXTS, Told

_NAMES = [told.name for told in TEXTS]
_PIECES = "ab '’.,;-_1é \n\u0301"
# Sentences of ordinary length: an endless one is counted in parts.
_LONGEST = 500


@pytest.mark.parametrize("told", TEXTS, ids=_NAMES)
def test_words_are_counted_in_every_script(told: Told) -> None:
    assert words.count(told.text) == told.words


@pytest.mark.parametrize("told", TEXTS, ids=_NAMES)
def test_words_have_their_places(told: Told) -> None:
    spans = list(words.spans(told.text))
    assert len(spans) == told.words
    for start, end in spans:
        assert any(map(str.isalnum, told.text[start:end]))
        assert told.text[start:end].strip() != ""
    assert spans == sorted(spans)


@pytest.mark.parametrize("told", TEXTS, ids=_NAMES)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_stream_is_counted_like_its_text(told: Told, size: int) -> None:
    counter = words.Counter()
    for place in range(0, len(told.text), size):
        counter.add(told.text[place : place + size])
        assert counter.words == words.count(told.text[: place + size])


@given(st.lists(st.text(_PIECES + "小明走。โร", max_size=6), max_size=_LONGEST // 6))
def test_any_pieces_have_as_many_words_as_their_text(pieces: list[str]) -> None:
    counter = words.Counter()
    for piece in pieces:
        counter.add(piece)
    assert counter.words == words.count("".join(pieces))


def test_a_word_without_end_is_counted_in_parts() -> None:
    counter = words.Counter()
    for _ in range(100):
        counter.add("a" * 100)
    assert 1 <= counter.words <= 20


def by_icu(text: str) -> int:
    """Return what ICU alone says, without the quick way."""
    return sum(any(map(str.isalnum, segment)) for segment in WordBreaker(text, "en"))


PLAIN = [chr(code) for code in range(0x3000) if words._PLAIN.fullmatch(chr(code))]


@pytest.mark.parametrize(
    "around", ["{}", "a{}a", "1{}1", "a{}1", "1{}a", "{0}{0}", "я{}я", "a{} a"]
)
def test_the_quick_way_knows_every_plain_character(around: str) -> None:
    assert len(PLAIN) > 900
    texts = map(around.format, PLAIN)
    assert [text for text in texts if words.count(text) != by_icu(text)] == []


@given(st.text(PLAIN) | st.text("aZéя019.,;'’‘ \n-", max_size=40))
def test_the_quick_way_says_the_same(text: str) -> None:
    assert words._PLAIN.fullmatch(text)
    assert words.count(text) == len(list(words.spans(text))) == by_icu(text)


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Mr. Gray ran.", 2, "Mr. Gray"),
        ("Mr. Gray ran.", 3, "Mr. Gray ran."),
        ("a well-kept lamp", 2, "a"),
        ("a well-kept lamp", 3, "a well-kept"),
        ("She said “go” and", 2, "She said"),
        ("小明走进“森林”。", 2, "小明走进"),
        ("小明走进森林。他", 3, "小明走进森林。"),
        ("one two", 0, ""),
        ("a-b-c-d", 2, "a-b-"),
    ],
)
def test_the_first_words(text: str, most: int, kept: str) -> None:
    assert words.first(text, most) == kept


@given(st.text("ab-“” .\n小明走。", max_size=60), st.integers(0, 20))
def test_the_first_words_are_no_more(text: str, most: int) -> None:
    kept = words.first(text, most)
    assert text.startswith(kept)
    assert words.count(kept) <= most
    assert kept == text or words.count(text) > most


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Élodie", "E\u0301LODIE"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("Ｚｏｅ １", "zoe 1"),
        ("ｶﾞ", "ガ"),
        ("Zoë’s", "zoe\u0308's"),
        ("فانوسٌ", "فانوس"),
        ("שָׁלוֹם", "שלום"),
        ("ΟΔΟΣ", "οδος"),
    ],
)
def test_what_is_typed_in_another_form_is_the_same(one: str, other: str) -> None:
    assert words.folded(one) == words.folded(other)


@given(st.lists(st.text(max_size=8) | st.sampled_from(["word ", "a", "字", ". "]), max_size=20))
def test_a_counter_tells_when_there_are_more(pieces: list[str]) -> None:
    counter, came = words.Counter(), ""
    for piece in pieces:
        counter.add(piece)
        came += piece
        known = words.Counter()
        known.add(came)
        assert counter.exceeds(2) is (known.words > 2)
