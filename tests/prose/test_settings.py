"""The seven settings as one value."""

from types import SimpleNamespace

import pytest

from prose.settings import FIELDS, Settings

VALUES = {
    "main_characters": "Anna, , Old Ben ",
    "keywords": "",
    "genre": "Mystery",
    "register": "Elegant",
    "child_friendly": True,
    "max_words": 250,
    "final_twist": False,
}


def test_they_are_read_from_whatever_has_them_and_back() -> None:
    settings = Settings.of(SimpleNamespace(**VALUES, owner="alice"))
    assert settings == Settings.from_dict({**VALUES, "id": 5})
    assert settings.to_dict() == VALUES
    assert tuple(VALUES) == FIELDS
    with pytest.raises(KeyError):
        Settings.from_dict({"genre": "War"})


def test_the_lists() -> None:
    settings = Settings.from_dict(VALUES)
    assert settings.character_list == ("Anna", "Old Ben")
    assert settings.keyword_list == ()
