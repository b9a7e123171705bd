"""All of the check for children that reads a text, as functions of one text."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np

from prose.children import check, encoder, idioms, reading_level, vocabulary
from prose.children.gate import Gate
from prose.children.wordpiece import WordPiece
from prose.settings import Settings

_PIECE = 400  # characters
# Of a passage, the model reads so many tokens at most, in a time that is always the same, and long:
# what is asked here is how often it is asked, and what is done beside that.
_PASSAGE = 200  # characters
_AT_ONCE = patch.object(
    check, "judged", lambda passage: check.Verdict(vocabulary.named(passage), 0.0)
)
_ASKED = Settings("", "", "Drama", "Direct", child_friendly=True, max_words=300, final_twist=False)
_WORDS = WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##a": 4})


def _model() -> encoder.Encoder:
    found = encoder.encoder()
    assert found is not None, "the package of the model is missing: make test fetches it"
    return found


@_AT_ONCE
def _report(text: str) -> object:
    return check.children_report(text)


@_AT_ONCE
def _about(text: str) -> object:
    return check.about(text, _ASKED)


@_AT_ONCE
def _gate(text: str) -> str:
    gate = Gate()
    return (
        "".join(gate.feed(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))
        + gate.rest()
    )


def _opened(text: str) -> str:
    gate = Gate()
    gate.due(text)
    return gate.open()


def _level(text: str) -> bool | None:
    level = reading_level.reading_level(text)
    return level and (level.is_for_adults or level.is_too_hard_for(8))


def _load(text: str) -> None:
    with suppress(OSError, ValueError):
        encoder.load(Path(text), encoder.CLASSIFIER)


def _parts(text: str) -> None:
    with suppress(OSError, ValueError):
        encoder.parts(Path(text))


CHILDREN: dict[str, Callable[[str], object]] = {
    "children.check.about": _about,
    "children.check.children_report": _report,
    "children.check.is_english": check.is_english,
    "children.check.may_hold_passage": check.may_hold_passage,
    "children.check.passages": lambda text: list(check.passages(text)),
    "children.check.why_not_checked": check.why_not_checked,
    "children.encoder.Encoder.features": lambda text: _model().features(text[:_PASSAGE]),
    "children.encoder.Encoder.scores": lambda text: _model().scores(text[:_PASSAGE]),
    "children.encoder.load": _load,
    "children.encoder.parts": _parts,
    "children.encoder.tuned": lambda text: encoder.tuned({}, {text: np.zeros(1)}),
    "children.check.unchecked": check.unchecked,
    "children.gate.Gate.all_due": _gate,
    "children.gate.Gate.due": _gate,
    "children.gate.Gate.feed": _gate,
    "children.gate.Gate.look": _gate,
    "children.gate.Gate.open": _opened,
    "children.gate.Gate.rest": _gate,
    "children.gate.Gate.settle": _gate,
    "children.idioms.plainly": idioms.plainly,
    "children.reading_level.ReadingLevel.is_for_adults": _level,
    "children.reading_level.ReadingLevel.is_too_hard_for": _level,
    "children.reading_level.reading_level": reading_level.reading_level,
    "children.reading_level.syllables": reading_level.syllables,
    "children.vocabulary.named": vocabulary.named,
    "children.wordpiece.WordPiece.numbers": lambda text: _WORDS.numbers(text, 192),
}
