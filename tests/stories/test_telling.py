"""Sentences made in English are known again by their templates, and told in another language."""

import asyncio
from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.translation.trans_real import catalog

import prose
from finetuning.pipeline import judge
from modelserver.errors import ModelMissingError
from modelserver.sayings import said
from prose.settings import Settings
from storaiteller_site.templatetags.telling import check_name
from stories import telling
from stories.telling import told
from stories.writing.background import hold

_GERMAN = {
    "The model %(model)s is missing.": "Das Modell %(model)s fehlt.",
    "It takes %(needed)s tokens and %(most)s fit: %(over)s too many.": (
        "%(over)s von %(needed)s zu viel: %(most)s passen."
    ),
    "Row %(row)s: %(wrong)s": "Zeile %(row)s: %(wrong)s",
    "There is none.": "Es gibt keines.",
    "%(name)s and %(name)s are the same.": "Zweimal %(name)s.",
    "%(share)s of 100 %% are kept.": "%(share)s von 100 %% bleiben.",
}


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    """Speak German, with a few sentences more in its catalogue."""
    with translation.override("de"):
        added: dict[str, str] = catalog()._catalog._catalogs[0]  # type: ignore[attr-defined]
        added.update(_GERMAN)
        telling._templates.cache_clear()
        yield
        for source in _GERMAN:
            del added[source]
    telling._templates.cache_clear()


def test_a_sentence_is_known_by_its_template() -> None:
    assert told(said("The model %(model)s is missing.", model="a b")) == "Das Modell a b fehlt."
    assert told("There is none.") == "Es gibt keines."
    numbers = "It takes 12,345 tokens and 8,192 fit: 4,153 too many."
    assert told(numbers) == "4.153 von 12.345 zu viel: 8.192 passen."
    assert told(prose.said("%(share)s of 100 %% are kept.", share=7)) == "7 von 100 % bleiben."


def test_what_was_said_inside_of_a_sentence_is_told_too() -> None:
    assert told("Row 7: There is none.") == "Zeile 7: Es gibt keines."


def test_what_only_looks_like_one_stays_as_it_is() -> None:
    for sentence in ("", "The model went missing.", "Whatever else", "Das Modell a b fehlt."):
        assert told(sentence) == sentence
    assert told("Anna and Ben are the same.") == "Anna and Ben are the same."
    assert told("Anna and Anna are the same.") == "Zweimal Anna."
    # Longer than any sentence of ours: not even looked at.
    long = f"The model {'x' * 20_000} is missing."
    assert told(long) == long


def test_in_english_every_sentence_is_what_it_is() -> None:
    with translation.override("en"):
        assert told("Row 7: There is none.") == "Row 7: There is none."


def test_what_the_background_stores_is_english() -> None:
    async def language() -> str:
        return translation.get_language()

    async def ask() -> tuple[str, str]:
        return await hold(language()), translation.get_language()

    assert asyncio.run(ask()) == ("en", "de")


def test_an_error_of_the_model_server_is_a_sentence_in_english() -> None:
    error = ModelMissingError(said("The model %(model)s is missing.", model="100%"))
    assert str(error) == "The model 100% is missing."
    assert told(str(error)) == "Das Modell 100% fehlt."


def test_each_check_of_an_evaluation_has_a_name() -> None:
    asked = Settings("Anna", "map", "War", "Vivid", False, 9, False, language="de")
    answer = {"model": "m", "prompt": "", "text": "Anna.", "seed": 1, "done_reason": "stop"}
    checks = judge._judged({"settings": asked.to_dict(), **answer}, [])["checks"]
    assert [check_name(name) for name in checks] == [
        *("Namen", "Stichwörter", "Sprache", "Länge", "Ende", "Wiederholung"),
    ]
