"""Whether a rewrite does what was asked, in the writing of many languages."""

import pytest

from prose import passage, wishes

TEXT = "It rained. Anna took her lamp and went down to the sea. Nobody came."
CORE = "Anna took her lamp and went down to the sea."
PART = passage.cut(TEXT, TEXT.index(CORE), TEXT.index(CORE) + len(CORE))


@pytest.mark.parametrize(
    ("mode", "replacement", "kept"),
    [
        ("expand", "Anna took her brass lamp, lit it, and went slowly down to the sea.", True),
        ("expand", "Anna took her lamp and walked down to the sea.", False),
        ("expand", "", False),
        ("shorten", "Anna went down to the sea.", True),
        ("shorten", "Anna took her lamp and went to sea.", False),
        ("shorten", "", False),
        ("vivid", "Anna went.", None),
        ("rewrite", "Anna went.", None),
        ("register", "", None),
    ],
)
def test_length_is_counted(mode: str, replacement: str, kept: bool | None) -> None:
    assert wishes.are_kept(mode, PART, replacement) is kept


def test_one_word_can_not_be_fewer() -> None:
    word = passage.cut("It rained. Go! Nobody came.", 11, 14)
    assert wishes.are_kept("shorten", word, "Go!") is None
    assert wishes.are_kept("expand", word, "Go now!") is True


@pytest.mark.parametrize(
    "said",
    [
        '"Come," said Anna.',
        "Anna cried: “Come!”",
        "‘Come,’ said Anna.",
        "'I'm here,' said Anna.",
        "„Komm!“, rief Anna.",
        "»Komm!«, rief Anna.",
        "« Viens », dit Anna.",
        "Anna ouvrit.\n— Viens, dit-elle.",
        "—Ven —dijo Anna.",
        "– Chodź – powiedziała Anna.",
        "― Έλα, είπε η Άννα.",
        "– Иди сюда, – сказала Анна.",
        "「来い」とアンナは言った。",
        "『来吧』，安娜说。",
        "“来吧！”安娜说。",
        'She said, "...and so?"',
    ],
)
def test_speech_is_seen(said: str) -> None:
    assert wishes.are_kept("dialogue", PART, said) is True


@pytest.mark.parametrize(
    "told",
    [
        "Anna went down to the sea.",
        "The boys' lamp wasn't Anna's, nor the girls'.",
        "Rock 'n' roll was on.",
        'The lamp was 12" wide, the other 14".',
        '""',
        "Anna – who was cold – went home.",
        "well-made, half-dead",
        "",
    ],
)
def test_what_only_looks_like_speech_is_none(told: str) -> None:
    assert wishes.are_kept("dialogue", PART, told) is False
