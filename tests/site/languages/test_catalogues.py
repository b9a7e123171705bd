"""The catalogues: up to date with the sources, complete, true to what they translate, compiled."""

import re
from collections import Counter
from functools import cache
from itertools import product
from typing import cast

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings

from storaiteller_site.languages import messages

_PLACE = re.compile(r"%\(\w+\)s|%%")
_TAG = re.compile(r"</?\w+[^<>]*>")
_PLURALS = {"de": "(n != 1)", "es": "(n != 1)", "fr": "(n > 1)", "it": "(n != 1)"}
BOTH = list(product(messages.LANGUAGES, messages.DOMAINS))


@cache
def said(domain: str) -> Catalog:
    """Return what the sources say now."""
    return messages.extracted(domain)


def told(message: Message) -> list[tuple[str, str]]:
    """Return each translation with what it translates: of a plural, the form that it is nearest."""
    if not message.pluralizable:
        return [(str(message.id), str(message.string))]
    one, many = cast(tuple[str, str], message.id)
    strings = message.string or ("", "")
    return [(one if index == 0 else many, text) for index, text in enumerate(strings)]


def faults(message: Message) -> list[str]:
    """Return what is wrong with a translation, in words."""
    found = []
    for source, text in told(message):
        # French counts nought with one: a form may do without its number, never with another place.
        missing = Counter(_PLACE.findall(source)) - Counter(_PLACE.findall(text))
        added = set(_PLACE.findall(text)) - set(_PLACE.findall(" ".join(sources(message))))
        for wrong, is_wrong in (
            ("not translated", not text.strip()),
            ("fuzzy", message.fuzzy),
            (f"without {sorted(missing)}", missing and not message.pluralizable),
            (f"with {sorted(added)}", added),
            ("other tags", sorted(_TAG.findall(source)) != sorted(_TAG.findall(text))),
            ("other blanks at its ends", blanks(source) != blanks(text)),
        ):
            if is_wrong:
                found.append(f"{source!r} is {wrong}: {text!r}")
                break
    return found


def sources(message: Message) -> tuple[str, ...]:
    """Return the one text, or both forms, of what is translated."""
    return tuple(message.id) if message.pluralizable else (str(message.id),)


def blanks(text: str) -> tuple[str, str]:
    """Return the white space at both ends."""
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def test_every_language_but_english_has_catalogues() -> None:
    assert {code for code, _ in settings.LANGUAGES} == {"en", *messages.LANGUAGES}


@pytest.mark.parametrize(("language", "domain"), BOTH)
def test_they_hold_what_the_sources_say(language: str, domain: str) -> None:
    kept = {(m.id, m.context) for m in messages.kept(language, domain) if m.id}
    now = {(m.id, m.context) for m in said(domain) if m.id}
    assert len(now) > 50
    assert kept - now == set(), "run make messages"
    assert now - kept == set(), "run make messages"


@pytest.mark.parametrize(("language", "domain"), BOTH)
def test_every_sentence_is_translated_and_keeps_its_places_and_tags(
    language: str, domain: str
) -> None:
    wrong = [fault for m in messages.kept(language, domain) if m.id for fault in faults(m)]
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong[:50])


@pytest.mark.parametrize(("language", "domain"), BOTH)
def test_they_are_compiled_and_written_as_make_messages_does(language: str, domain: str) -> None:
    path = messages.path_of(language, domain)
    catalog = messages.kept(language, domain)
    assert catalog.plural_forms == f"nplurals=2; plural={_PLURALS[language]};"
    assert path.read_bytes() == messages.as_text(catalog)
    assert path.with_suffix(".mo").read_bytes() == messages.compiled(catalog)


def test_faults_would_be_found() -> None:
    catalog = Catalog()
    source = "%(words)s of <b>%(most)s</b>"
    assert not faults(catalog.add(source, "%(words)s von <b>%(most)s</b>"))
    for text in (
        *("", "%(words)s von <b>most</b>", "%(words)s von %(most)s", " %(words)s <b>%(most)s</b>"),
        *("%(words)s %(other)s <b>%(most)s</b>", "%(words)s von <i>%(most)s</i>"),
    ):
        assert faults(Catalog().add(source, text)), text
    assert faults(Catalog().add(source, "%(words)s von <b>%(most)s</b>", flags=["fuzzy"]))
    assert faults(Catalog().add(("%(n)s day", "%(n)s days"), ("%(n)s Tag", "")))
    assert not faults(Catalog().add(("%(n)s day", "%(n)s days"), ("ein Tag", "%(n)s Tage")))
