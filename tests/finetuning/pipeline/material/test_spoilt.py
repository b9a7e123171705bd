"""Letters that a wrong decoding or a spreadsheet has spoilt, told from those that are meant."""

import pytest

from finetuning.pipeline.material import spoilt


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("CafÃ©", "Café"),
        ("Ã‰l llegÃ³. Fin.", "Él llegó. Fin."),
        ("It was lateâ€¦ Iâ€™ll come.", "It was late… I’ll come."),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
        ("æ—¥æœ¬èªž", "日本語"),
        ("One.\n\nThe cafÃ© by the café.", "One.\n\nThe café by the café."),
        ("One._x000D_\nTwo.", "One.\nTwo."),
        ("&quot;Come,&quot; she said.", '"Come," she said.'),
    ],
)
def test_what_can_be_put_right(text: str, right: str) -> None:
    found = spoilt.look(text)
    assert found is not None
    assert found.excerpt in text
    assert found.repair
    assert found.repair in right
    assert spoilt.repaired(text) == right
    assert spoilt.look(right) is None


@pytest.mark.parametrize("text", ["l\ufffdt\ufffd", "Zo?'s l?t?", "#NAME?", "x" * 32_767])
def test_what_is_lost(text: str) -> None:
    found = spoilt.look(text)
    assert found is not None
    assert not found.repair
    assert spoilt.repaired(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Zoë l’été — “Él llegó”…",
            "À Noël, ça va ? Où ?",
            "ŁÓDŹ, Þórr, ß, Ærø",
            "Привет",
            "日本語",
        ),
        *(
            "Why? she said.",
            "“Who?” Ann.",
            "Tom & Ann",
            "Café au lait, 5 °C, ½ £",
            "Ã",
            "שלום",
            "عربي",
        ),
    ],
)
def test_what_is_meant(text: str) -> None:
    assert spoilt.look(text) is None
    assert spoilt.repaired(text) == text
