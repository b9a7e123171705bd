"""Sentences that were made in English, in the language of who reads them.

Rooms without Django make them, other processes hand them over, and the database keeps them as they
were when something went wrong. A sentence is known again by its template, of which the catalogue
has the translation; what stood at the template's places is put into that one.
"""

import re
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import get_language, gettext, override
from django.utils.translation.trans_real import catalog

_PLACE = re.compile(r"%\((\w+)\)s")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_LONGEST = 10_000  # characters of a sentence that is looked at
_LEAST_SAID = 6  # characters of a template beside its places; else it would be known in anything


class _Template(NamedTuple):
    source: str
    texts: tuple[str, ...]  # what stands between the places
    names: tuple[str, ...]  # of the places

    def values_in(self, sentence: str) -> dict[str, str] | None:
        """Return what stands at the places of a sentence that is made of this; None if it isn't."""
        first, *between, last = self.texts
        end = len(sentence) - len(last)
        if not (sentence.startswith(first) and sentence.endswith(last)):
            return None
        start, found = len(first), list[str]()
        for text in between:
            place = sentence.find(text, start, end)
            if place < 0:
                return None
            found.append(sentence[start:place])
            start = place + len(text)
        if start > end:
            return None
        found.append(sentence[start:end])
        values = dict(zip(self.names, found, strict=True))
        agrees = all(values[name] == value for name, value in zip(self.names, found, strict=True))
        return values if agrees else None


def told(sentence: str) -> str:
    """Return `sentence` in the active language; as it is if its template is unknown there."""
    sentence = str(sentence)
    language = get_language()
    if not sentence or language == settings.LANGUAGE_CODE or len(sentence) > _LONGEST:
        return sentence
    exact = gettext(sentence)
    if exact != sentence:
        return exact
    for template in _templates(language):
        values = template.values_in(sentence)
        if values is not None:
            told_values = {name: _value(value) for name, value in values.items()}
            return gettext(template.source) % told_values
    return sentence


def _value(value: str) -> str:
    """Return what stood at a place: a number, a part that was said too, or a name."""
    if _GROUPED.fullmatch(value):
        return intcomma(int(value.replace(",", "")))
    return told(value)


@cache
def _templates(language: str) -> list[_Template]:
    """Return the templates that the catalogue has, those that say most first."""
    with override(language):
        known = catalog()._catalog.keys()  # type: ignore[attr-defined]  # as Django's own views do
    sources = [key for key in known if isinstance(key, str)]
    found = [_parsed(source) for source in sources if _PLACE.search(source)]
    said = [template for template in found if _said(template) >= _LEAST_SAID]
    return sorted(said, key=_said, reverse=True)


def _parsed(source: str) -> _Template:
    texts = tuple(text.replace("%%", "%") for text in _PLACE.split(source)[::2])
    return _Template(source, texts, tuple(_PLACE.findall(source)))


def _said(template: _Template) -> int:
    return sum(map(len, template.texts))
