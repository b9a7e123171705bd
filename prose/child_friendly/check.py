"""Whether a text is for children: what it finds, sentence by sentence; the text stays as it is."""

import re
from collections.abc import Iterator
from functools import partial
from typing import TypedDict

from prose import languages, sentences, words
from prose.child_friendly import classifier
from prose.child_friendly.lists import CATEGORIES

# How likely a sentence has to be anything but harmless; from passages that it was trained on,
# taken in turns (three-fold).
_LIKELY = 0.35
_MOST_SHOWN = 12  # findings; the others are counted
_LONGEST_SHOWN = 240  # characters of a sentence
_LONGEST_READ = 400  # characters that are read at once; a longer sentence is read in pieces
# A paragraph of fewer words doesn't tell its language.
_TELLING_WORDS = 12
# Of an English text's words, "the", "of" and their like are a fifth; of names and noises, none.
_LEAST_ENGLISH = 0.04
_OTHER_LETTER, _LETTER = re.compile(r"[^\W\d_a-zA-Z]"), re.compile("[a-zA-Z]")
_WORD = re.compile(r"[^\W\d_]++(?:['’][^\W\d_]++)*+")


class Finding(TypedDict):
    """What isn't for children, as a reader would call it, and where it stands."""

    category: str
    sentence: str


class ChildCheck(TypedDict):
    """What the check found, in the order of the text."""

    is_read: bool  # False of a text in another language than English
    unread: int  # paragraphs in another language
    found: int
    findings: list[Finding]  # the first ones


def check(text: str) -> ChildCheck:
    """Return what in `text` isn't for children, as far as the lists and the classifier know."""
    paragraphs = [row for row in text.split("\n") if row.strip()]
    is_english = [_is_english(row) for row in paragraphs]
    as_a_whole = _is_english(text) is not False
    read = [
        row
        for row, known in zip(paragraphs, is_english, strict=True)
        if (as_a_whole if known is None else known)
    ]
    # A long text says the same again and again, if nobody wrote it.
    judged: dict[str, str | None] = {}
    findings = [found for row in read for found in _findings(row, judged)]
    return ChildCheck(
        is_read=bool(read) or not paragraphs,
        unread=len(paragraphs) - len(read),
        found=len(findings),
        findings=findings[:_MOST_SHOWN],
    )


def _is_english(text: str) -> bool | None:
    """Tell whether `text` is in English; None where too few of its words say so, or no other."""
    other, letters = len(_OTHER_LETTER.findall(text)), len(_LETTER.findall(text))
    if other * 3 > letters:
        return False
    told = _WORD.findall(words.folded(text))
    if len(told) < _TELLING_WORDS:
        return None
    if languages.language_of(told) != languages.ENGLISH:
        return False
    return True if languages.share_of_english(told) >= _LEAST_ENGLISH else None


def is_english(text: str) -> bool:
    """Tell whether nothing says that `text` is in another language."""
    return _is_english(text) is not False


def _findings(paragraph: str, judged: dict[str, str | None]) -> Iterator[Finding]:
    """Yield what is found in a sentence, or in two that only say it together."""

    def category(text: str) -> str | None:
        if text not in judged:
            judged[text] = category_of(text)
        return judged[text]

    before, was_found = 0, True
    for start, end in _spans(paragraph):
        found, place = category(paragraph[start:end]), start
        if found is None and not was_found:
            found, place = category(paragraph[before:end]), before
        if found is not None:
            yield Finding(category=CATEGORIES[found], sentence=_shown(paragraph[place:end]))
        before, was_found = start, found is not None


def category_of(text: str) -> str | None:
    """Return the category of a sentence or two that aren't for children; None if they may be."""
    found, enough = classifier.features(text)
    likely = classifier.shares(found)
    if not enough and 1 - likely.pop(classifier.HARMLESS) < _LIKELY:
        return None
    return max(enough or CATEGORIES, key=lambda name: likely[name])


def _spans(paragraph: str) -> Iterator[tuple[int, int]]:
    for start, end in sentences.sentences(paragraph):
        yield from map(partial(_piece, end), range(start, end, _LONGEST_READ))


def _piece(end: int, start: int) -> tuple[int, int]:
    return start, min(end, start + _LONGEST_READ)


def _shown(sentence: str) -> str:
    if len(sentence) <= _LONGEST_SHOWN:
        return sentence
    return f"{sentence[:_LONGEST_SHOWN].rstrip()}…"
