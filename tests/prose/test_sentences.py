"""The limit of words, held at the end of a sentence; and the seams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose.seams import joined, prefill
from prose.sentences import Goal, WordCounter, sentences, whole_sentences, word_limit

STORY = 'Mr. Gray ran. "Stop!" she said. They did… And J. R. laughed? Then it was over'


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (100, 'Mr. Gray ran. "Stop!" she said. They did… And J. R. laughed?'),
        (8, 'Mr. Gray ran. "Stop!" she said. They did…'),
        (6, 'Mr. Gray ran. "Stop!" she said.'),
        (4, 'Mr. Gray ran. "Stop!"'),
        (3, "Mr. Gray ran."),
        (2, "Mr. Gray"),
    ],
)
def test_the_last_whole_sentence_ends_it(words: int, expected: str) -> None:
    assert whole_sentences(STORY, words) == expected


def test_verse_ends_with_a_line() -> None:
    lines = ["Roses are red.", *["a line of verse without any stop"] * 40]
    kept = whole_sentences("\n".join(lines), 200)
    assert 190 <= len(kept.split()) <= 200
    assert kept.endswith("any stop")


def test_a_sentence_without_end_keeps_its_words() -> None:
    assert len(whole_sentences("Once. " + "and then " * 200, 150).split()) == 150


def test_other_scripts_have_sentences_too() -> None:
    text = "OK! " + "安娜提着灯走进黑暗。" * 5 + "然后她"
    assert whole_sentences(text, 300) == "OK! " + "安娜提着灯走进黑暗。" * 5
    assert whole_sentences("انا هنا؟ ثم", 300) == "انا هنا؟"


@given(st.text(alphabet="ab .\n!", max_size=60), st.integers(1, 20))
def test_never_more_words_and_always_a_beginning(text: str, words: int) -> None:
    kept = whole_sentences(text, words)
    assert text.startswith(kept)
    assert len(kept.split()) <= words


@given(st.lists(st.text(alphabet="ab \n", max_size=4)))
def test_words_are_counted_across_pieces(pieces: list[str]) -> None:
    counter = WordCounter()
    for piece in pieces:
        counter.add(piece)
    assert counter.words == len("".join(pieces).split())


def test_sentences_are_told_apart() -> None:
    assert [STORY[start:end] for start, end in sentences(STORY)] == [
        "Mr. Gray ran.",
        '"Stop!"',
        "she said.",
        "They did…",
        "And J. R. laughed?",
        "Then it was over",
    ]


@pytest.mark.parametrize(
    ("words", "kept"),
    [(1, "Mr. Gray ran."), (4, 'Mr. Gray ran. "Stop!" she said.'), (99, STORY)],
)
def test_a_goal_is_the_sentence_that_reaches_it(words: int, kept: str) -> None:
    for size in (1, 2, 3, 5, 200):
        goal = Goal(words)
        pieces = [STORY[index : index + size] for index in range(0, len(STORY), size)]
        cut = ""
        for piece in pieces:
            cut += "" if goal.reached else goal.cut(piece)
        assert cut.rstrip() == kept
        assert goal.reached is (words < 99)


@pytest.mark.parametrize(("length", "limit"), [(0, 300), (100, 200), (290, 150), (900, 150)])
def test_a_continuation_gets_what_is_left_or_half_as_much_again(length: int, limit: int) -> None:
    assert word_limit(300, "word " * length) == limit


@pytest.mark.parametrize(
    ("base", "first", "seam"),
    [
        ("She slept.", " Then", " Then"),
        ("She slept.", "Then", " Then"),
        ("She slept. ", " Then", "Then"),
        ("She slept.\n\n", "\n\nThen", "Then"),
        ("She slept.", "\n\nThen", "\n\nThen"),
        ("the lant", "ern", "ern"),
        ("", "Once", "Once"),
    ],
)
def test_seams(base: str, first: str, seam: str) -> None:
    assert joined(base, first) == seam


def test_the_model_gets_the_base_without_the_space_at_its_end() -> None:
    assert prefill("She slept.\n\n ") == "She slept."
    assert prefill("She<|eot_id|> slept.") == "She slept."
