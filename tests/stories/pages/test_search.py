"""Where an excerpt begins and ends, and what of it was looked for."""

import unicodedata

import pytest

from stories.pages.search import LONGEST_WORD, Piece, excerpt, query_words


def whole(pieces: list[Piece]) -> str:
    """Return the excerpt as it reads."""
    return "".join(piece.text for piece in pieces)


def test_without_words_it_is_the_beginning() -> None:
    assert excerpt("", []) == []
    assert excerpt("One.\n\nTwo.", []) == [Piece("One. Two.", found=False)]
    long = whole(excerpt("word " * 100, []))
    assert long.endswith("word …")
    assert 200 < len(long) < 225


def test_a_word_far_in_the_text_is_shown() -> None:
    pieces = excerpt(
        "It rained. " * 50 + "The OWL sat there. " + "It rained. " * 50, ["owl", "sat"]
    )
    assert pieces[0] == Piece("… ", found=False)
    assert pieces[-1] == Piece("…", found=False)
    assert [piece.text for piece in pieces if piece.found] == ["OWL", "sat"]
    assert "rained. The OWL sat there. It" in whole(pieces)
    assert len(whole(pieces)) < 230


def test_whatever_the_text_the_words_found_are_in_it() -> None:
    for before in (0, 69, 70, 109, 110, 111, 500):
        for text in ("x" * before + "owl" + "y" * 400, "é " * before + "owl"):
            pieces = excerpt(text, ["owl"])
            assert [piece.text for piece in pieces if piece.found] == ["owl"]
            assert whole(pieces).strip("… ") in text
            assert len(whole(pieces)) < 230
            assert whole(pieces).index("owl") < 115, "where a narrow card shows it"


def test_a_long_word_is_shown_whole() -> None:
    word = "字" * 200
    for before in (0, 50, 300):
        pieces = excerpt("漢" * before + word + "漢" * 300, [word])
        assert [piece.text for piece in pieces if piece.found] == [word]
        assert len(whole(pieces)) < 450


def test_the_longest_of_the_words_found_is_marked() -> None:
    assert [p.text for p in excerpt("A fence.", ["fen", "fence"]) if p.found] == ["fence"]


def test_words_of_a_query() -> None:
    assert query_words(" old \0 map\u00a0 ") == ["old", "map"]
    assert len(query_words("a " * 300)) == 10
    assert query_words("x" * 300) == ["x" * LONGEST_WORD]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("FENCE", "fence"),
        ("ödön", "ÖDÖN"),
        ("zoe", "Zoë"),
        ("zoe", "ZOE\u0308"),
        ("zoë", "Zoe\u0308"),
        ("zoe\u0308", "Zoë"),
        ("lodz", "Łódź"),
        ("οδος", "ΟΔΟΣ"),
        ("ΟΔΟΣ", "οδος"),
        ("don't", "Don’t"),
        ("“well”", '"Well"'),
        ("straße", "STRAßE"),
        ("straße", "STRAẞE"),
        ("İSTANBUL", "istanbul"),
        ("istanbul", "İSTANBUL"),
        ("οδος", "οδός"),
        ("еж", "ЁЖ"),
        # Composed by no one, and as Windows types Vietnamese.
        ("\u0921\u093cर", "\u0921\u093cर"),
        ("\u095cर", "\u095cर"),
        ("\u095cर", "\u0921\u093cर"),
        ("Vi\u00ea\u0323t", "Vi\u00ea\u0323t"),
        ("Vi\u00ea\u0323t", "Việt"),
        ("한국", unicodedata.normalize("NFD", "한국")),
        ("c++", "C++"),
    ],
)
def test_a_word_is_found_however_it_is_typed(typed: str, text: str) -> None:
    assert [p.text for p in excerpt(f"A {text} there.", [typed]) if p.found] == [text]


@pytest.mark.parametrize(("typed", "text"), [("zoë", "Zoe"), ("ё", "е"), ("c.t", "cat")])
def test_what_is_another_word_is_not_found(typed: str, text: str) -> None:
    assert not [piece for piece in excerpt(text, [typed]) if piece.found]
