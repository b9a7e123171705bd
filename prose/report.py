"""How well a story kept to its settings, and whose its words are: counted, not judged."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypedDict

from prose import finding, sentences, words
from prose.emphasis import signs
from prose.languages import recognition
from prose.languages.offered import offered
from prose.settings import Settings

# Characters; shorter sentences, such as "Yes.", may well be said twice.
_MIN_REPEATED_LENGTH, _MIN_REPEATED_UNSPACED = 20, 10


# Words in a row by which a text is known to come from another one.
_RUN = 6


class Shares(NamedTuple):
    """Of the words of a text, how many come from each of some others, and how many from none."""

    of: list[int]
    own: int


class Part(NamedTuple):
    """A piece of a text; `of` is the place of the other text that it comes from, -1 for none."""

    text: str
    of: int


class StoryReport(TypedDict):
    """A finished story beside its settings."""

    words: int
    max_words: int
    characters_found: list[str]
    characters_missing: list[str]
    keywords_found: list[str]
    keywords_missing: list[str]
    whole_end: bool
    repeated_sentences: int
    language: str  # that was asked for; empty for English
    language_found: str  # BCP 47
    in_language: bool


def story_report(text: str, settings: Settings) -> StoryReport:
    """Return the report on `text`; names and keywords are looked for in any capitals."""
    text = signs.plain(text)
    characters, keywords = settings.character_list, settings.keyword_list
    there = finding.found(text, (*characters, *keywords))
    language_found = recognition.language_of(text, settings.language)
    return StoryReport(
        words=words.count(text),
        max_words=settings.max_words,
        characters_found=[name for name in characters if name in there],
        characters_missing=[name for name in characters if name not in there],
        keywords_found=[keyword for keyword in keywords if keyword in there],
        keywords_missing=[keyword for keyword in keywords if keyword not in there],
        whole_end=sentences.ends_sentence(text),
        repeated_sentences=_repeated_sentences(text),
        language=settings.language,
        language_found=offered(language_found) or language_found,
        in_language=language_found == (settings.language.partition("-")[0] or "en"),
    )


def shares(text: str, others: Sequence[Sequence[str]]) -> Shares:
    """Return how many words of `text` stand in a row as they do in one of each of `others`.

    In any capitals; a few words in a row that two texts have by chance are not counted.
    """
    told = _folded_words(text)
    places = _places(told, others)
    return Shares([len(here) for here in places], len(told) - len(set().union(*places)))


def parts(text: str, others: Sequence[Sequence[str]]) -> list[Part]:
    """Return `text` cut where the origin of its words changes, as `shares` knows it.

    What stands in several of the others counts as the first one's.
    """
    spans = list(words.spans(text))
    places = _places([text[start:end].casefold() for start, end in spans], others)
    owner = {place: of for of, here in reversed(list(enumerate(places))) for place in here}
    found: list[Part] = []
    start, now = 0, owner.get(0, -1)
    for place, (begin, _) in enumerate(spans):
        of = owner.get(place, -1)
        if of != now:
            found.append(Part(text[start:begin], now))
            start, now = begin, of
    return [*found, Part(text[start:], now)]


def _places(told: list[str], others: Sequence[Sequence[str]]) -> list[set[int]]:
    """Return for each of `others` the places of the words that stand in a row as there."""
    run = max(1, min(_RUN, len(told)))
    rows = list(_rows(told, run))
    found = []
    for texts in others:
        known = {row for other in texts for row in _rows(_folded_words(other), run)}
        found.append(
            {place + step for place, row in enumerate(rows) if row in known for step in range(run)}
        )
    return found


def _rows(told: list[str], run: int) -> Iterator[tuple[str, ...]]:
    return (tuple(told[place : place + run]) for place in range(len(told) - run + 1))


def _folded_words(text: str) -> list[str]:
    return [text[start:end].casefold() for start, end in words.spans(text)]


def contains(text: str, phrase: str) -> bool:
    """Tell whether `phrase` stands in `text`, in any capitals and in any inflected form."""
    return phrase in finding.found(text, (phrase,))


def _repeated_sentences(text: str) -> int:
    told = [text[start:end].lower() for start, end in sentences.sentences(text)]
    long_ones = [sentence for sentence in told if _is_long(sentence)]
    return len(long_ones) - len(set(long_ones))


def _is_long(sentence: str) -> bool:
    if len(sentence) >= _MIN_REPEATED_LENGTH:
        return True
    return len(sentence) >= _MIN_REPEATED_UNSPACED and words.is_unspaced(sentence)
