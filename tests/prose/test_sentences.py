"""The limit of words, held at the end of a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import words
from prose.sentences import (
    Goal,
    can_begin_after,
    ends_sentence,
    ends_text,
    first_sentence,
    from_next_sentence,
    full_stop,
    sentences,
    whole_sentences,
    word_limit,
)

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
def test_never_more_words_and_always_a_beginning(text: str, most: int) -> None:
    kept = whole_sentences(text, most)
    assert text.startswith(kept)
    assert words.count(kept) <= most


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


ENDS = (
    *(
        "He ran.",
        "He ran?!",
        "He ran…",
        "“Run!”",
        "He ran.  \n",
        "_He ran._",
        "(He ran.)",
        "I was...",
    ),
    *("他走了。", "「走！」", "वह गया।", "Mr..", "Mr. Gray ran."),
)
NO_ENDS = ("", "He ran", "He ran,", "Mr.", "J. R.", "He ran.x", "He ran .,", "”", "“Run!”—", "…a")


@pytest.mark.parametrize("text", ENDS)
def test_a_sentence_ends(text: str) -> None:
    assert ends_sentence(text)
    assert can_begin_after(text)


@pytest.mark.parametrize("text", NO_ENDS)
def test_no_sentence_ends(text: str) -> None:
    assert not ends_sentence(text)
    assert can_begin_after(text) is (text == "")
    assert can_begin_after(f"{text}\n ")


@given(st.text(alphabet='aMr .!…。"』)\n', max_size=30))
def test_the_end_is_that_of_the_last_sentence(text: str) -> None:
    stripped = text.rstrip()
    [*_, (_, end)] = [(0, 0), *sentences(stripped)]
    last = [stripped[place:end] for place, end in sentences(stripped)][-1:]
    assert end == len(stripped)
    if ends_sentence(text):
        assert last
        assert first_sentence(last[0]) == last[0]


TOLD = "Anna lit the lamp. Ben laughed."


@pytest.mark.parametrize(
    "last",
    [
        *("", "\n", "\n\nThe End", "\n\nTHE END\n", "\n***", "\n\n— Anna", "\n\n* * *  "),
        *("\nFin", "\n\nAnna,\nwho went home.", "\n\nLisbon, 3 May 1911", "\nFor Ben, always"),
    ],
)
def test_a_story_is_at_its_end(last: str) -> None:
    assert ends_text(TOLD + last)


def test_a_verse_is_at_its_end() -> None:
    assert ends_text("The lamp went out;\nwho saw it shine?\nNobody now")


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "The End", "Anna", "\nThe End", "***"),
        "Anna lit the lamp and\n\nThe End",
        f"{TOLD}\n\nThen she went down to",
        f"{TOLD} The End",
        f"{TOLD}\n\nAnna,\nwho went home",
    ],
)
def test_a_story_is_not_at_its_end(text: str) -> None:
    assert not ends_text(text)


def test_other_scripts_end_too() -> None:
    assert ends_text("他走了。\n\n（完）")
    assert ends_text("वह गया।\n\nसमाप्त")
    assert not ends_text("他走了\n\n（完）")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("ran off. Then he slept. He", "Then he slept. He"),
        ("ran off\n\nThen he slept", "Then he slept"),
        ("with Mr. Gray. Then", "Then"),
        ("走了。然后", "然后"),
        ("ran off.", ""),
        ("ran off and away", ""),
    ],
)
def test_from_the_next_sentence_on(text: str, rest: str) -> None:
    assert from_next_sentence(text) == rest


@given(st.text(alphabet='aB .!"\n', max_size=60), st.integers(1, 6), st.integers(1, 5))
def test_a_goal_is_the_same_in_whatever_pieces(text: str, words: int, size: int) -> None:
    def kept(pieces: list[str]) -> str:
        goal = Goal(words)
        return "".join("" if goal.reached else goal.cut(piece) for piece in pieces).rstrip()

    in_pieces = kept([text[index : index + size] for index in range(0, len(text), size)])
    assert in_pieces == kept([text])


OTHER_ENDS = (
    *(
        "他走了！？",
        "“他走了。”",
        "他说：「走！」",
        "他走了……",
        "行け！』",
        "走った｡",
        "（走った。）",
    ),
    *("هو ذهب؟", "وہ گیا۔", "वह गया ।", "সে গেল॥", "ሄደች።", "Նա գնաց։", "သွားသည်။", "ដើរទៅ។"),
    *("« Il court ! »", "Il court.\u202f»", "„Komm.“", "»Komm!«", "‚Komm.‘", "‹ Va. ›", "What‽"),
    *("Τι θέλεις;", "Τι θέλεις\u037e", "เด็กหญิงเดินไป", "“ไป”", "ເດັກນ້ອຍຍ່າງໄປ", "(He ran.)]"),
)
OTHER_NO_ENDS = (
    *("他走了，", "他走了", "「走", "走った」", "走った—", "هو ذهب،", "वह गया"),
    *("Il court »", "А. С.", "He ran;"),
)


@pytest.mark.parametrize("text", OTHER_ENDS)
def test_a_sentence_ends_in_every_script(text: str) -> None:
    assert ends_sentence(text)
    assert ends_sentence(f"{text} ")


@pytest.mark.parametrize("text", OTHER_NO_ENDS)
def test_no_sentence_ends_in_another_script(text: str) -> None:
    assert not ends_sentence(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("他走了。“好！”他说。", ["他走了。", "“好！”", "他说。"]),
        ("走って!帰って?はい", ["走って!", "帰って?", "はい"]),
        ("वह गया। वह आई।", ["वह गया।", "वह आई।"]),
        ("เด็กเดินไป เขามองเห็น", ["เด็กเดินไป", "เขามองเห็น"]),
        ("Er ging. »Komm!« Sie kam.", ["Er ging.", "»Komm!«", "Sie kam."]),
        ("« Viens ! » Elle vint.", ["« Viens ! »", "Elle vint."]),
        ("Ήρθε; Ναι; έφυγε", ["Ήρθε;", "Ναι;", "έφυγε"]),
    ],
)
def test_sentences_of_other_scripts_are_told_apart(text: str, told: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == told


def test_in_thai_a_space_ends_what_is_whole() -> None:
    assert not ends_sentence("เด็กเดิน", "ไป")
    assert ends_sentence("เด็กเดิน", " ไป")
    assert not can_begin_after("เด็กเดิน")
    assert can_begin_after("เด็กเดิน ")
    assert whole_sentences("เด็กเดินไป เขามองเห็นประภาคาร", 5) == "เด็กเดินไป"


@pytest.mark.parametrize(
    ("text", "wanted", "kept"),
    [
        ("他走了。他看见海。她笑了。", 4, "他走了。他看见海。"),
        ("“走！”他说。她笑了。", 3, "“走！”他说。"),
        ("वह गया। वह आई। फिर", 3, "वह गया। वह आई।"),
        ("ذهب الولد. عادت البنت. ثم", 3, "ذهب الولد. عادت البنت."),
        ("เด็กเดินไป เขามองเห็น แล้วกลับ", 4, "เด็กเดินไป เขามองเห็น"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 200])
def test_a_goal_is_reached_in_every_script(text: str, wanted: int, kept: str, size: int) -> None:
    goal = Goal(wanted)
    cut = ""
    for place in range(0, len(text), size):
        cut += "" if goal.reached else goal.cut(text[place : place + size])
    assert cut.rstrip() == kept


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("he ran", "."),
        ("他走了」", "。"),
        ("वह गया", "।"),
        ("เขาไป", ""),
        ("هو ذهب", "."),
        ("сбежал", "."),
        ("갔다", "."),
        ("1", "."),
    ],
)
def test_the_full_stop_is_that_of_the_script(text: str, stop: str) -> None:
    assert full_stop(text) == stop
