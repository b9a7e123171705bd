"""The ten settings as one value."""

from types import SimpleNamespace

import pytest

from prose.settings import FIELDS, Settings, split_list

VALUES = {
    "main_characters": "Anna, , Old Ben ",
    "keywords": "",
    "genre": "Mystery",
    "register": "Elegant",
    "child_friendly": True,
    "max_words": 250,
    "final_twist": False,
    "premise": "Nobody is there.",
    "language": "de",
    "reader_age": 8,
}


def test_they_are_read_from_whatever_has_them_and_back() -> None:
    settings = Settings.of(SimpleNamespace(**VALUES, owner="alice"))
    assert settings == Settings.from_dict({**VALUES, "id": 5})
    assert settings.to_dict() == VALUES
    assert tuple(VALUES) == FIELDS
    del (older := dict(VALUES))["premise"]
    assert Settings.from_dict(older) == Settings.from_dict({**VALUES, "premise": ""})
    del (older := dict(VALUES))["language"]
    assert Settings.from_dict(older) == Settings.from_dict({**VALUES, "language": ""})
    del (older := dict(VALUES))["reader_age"]
    assert Settings.from_dict(older) == Settings.from_dict({**VALUES, "reader_age": None})
    with pytest.raises(KeyError):
        Settings.from_dict({"genre": "War"})


def test_the_lists() -> None:
    settings = Settings.from_dict(VALUES)
    assert settings.character_list == ("Anna", "Old Ben")
    assert settings.keyword_list == ()


@pytest.mark.parametrize(
    ("typed", "entries"),
    [
        ("小明、小红", ["小明", "小红"]),
        ("小明，小红；老张", ["小明", "小红", "老张"]),
        ("ليلى، سامي؛ نور", ["ليلى", "سامي", "نور"]),
        ("Anna; Old Ben, , ;", ["Anna", "Old Ben"]),
        ("አና፣ ማርያም", ["አና", "ማርያም"]),
        ("アンナ・ベル､ｶｲ", ["アンナ・ベル", "ｶｲ"]),
        ("O'Brien-Smith", ["O'Brien-Smith"]),
    ],
)
def test_a_list_has_the_commas_of_any_script(typed: str, entries: list[str]) -> None:
    assert split_list(typed) == entries
