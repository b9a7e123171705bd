"""From what the model wrote to what stands in the passage's place, so that both seams read well."""

import re
from itertools import islice

from prose import cleaning, overlap, sentences, words
from prose.passage import Passage

# Words before the passage, of two characters at least with their space, that may be told again.
_MOST_REPEATED = 300
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "»": "«", "「": "」", "『": "』"}
_CLOSING = "\"'”’»)]*_」』）】》"
_QUOTE_ENDS = "\"'”’»)]"
# After which a word has a space before it; the emphasis of a text that is still written has none.
_BEFORE_SPACE = tuple(f".!?…{_QUOTE_ENDS}।॥؟۔։።")
_STOPS = ".!?…。！？।॥؟۔"
_CLAUSE_SIGNS = ",;:—–，、；：،؛"
_CLAUSE_END = re.compile(rf"[{_CLAUSE_SIGNS}{_STOPS}]")
# Words that make it certain that what stands before the passage is told again; characters, in
# scripts without spaces.
_LEAST_REPEATED, _LEAST_CHARACTERS = 4, 8
# Words that have no capital inside a sentence, whatever sentence they came from.
_PLAIN_WORDS = {
    "a", "after", "all", "an", "and", "as", "at", "before", "but", "by", "every", "for",
    "from", "he", "her", "his", "in", "inside", "into", "it", "its", "near", "no", "of", "on",
    "once", "only", "our", "over", "she", "slowly", "so", "some", "soon", "suddenly", "that",
    "the", "their", "then", "there", "these", "they", "this", "those", "through", "to",
    "under", "until", "we", "when", "where", "while", "with", "without", "yet", "you", "your",
}  # fmt: skip


def prefill(base: str) -> str:
    """Return what the model is given of `base`: white space at its end would be doubled.

    A story is data like any other text of a person's, and can't open a new role.
    """
    return cleaning.clean_text(base).rstrip()


def joined(base: str, first: str) -> str:
    """Return `first`, the beginning of the model's continuation, as it has to follow `base`."""
    if base and base[-1].isspace():
        return first.lstrip()
    told = first.lstrip(" ")[:1]
    if words.is_unspaced(told) or words.is_wide(base.rstrip(_QUOTE_ENDS)[-1:]):
        return first.lstrip(" ") if words.is_wide(base[-1:]) else first
    if not first[:1].isalnum():
        return first
    # A word cut in two goes on; a capital after a small letter is another one.
    is_another = base[-1:].islower() and first[0].isupper()
    return f" {first}" if is_another or base.endswith(_BEFORE_SPACE) else first


def fitted(
    text: str, passage: Passage, max_words: int, *, cut_short: bool, keeps_quotes: bool = False
) -> str:
    """Return what replaces the passage, its white space and cut words included; may be empty.

    `text` is the model's, `cut_short` tells that it did not come to an end by itself. A pair of
    quotes around all of it is taken for the model's own, unless it `keeps_quotes`: speech was
    asked for.
    """
    text = text.replace("\r", "").strip()
    if not keeps_quotes:
        text = _without_wrapping_quotes(text, passage)
    # No more can be left; the rest of a long answer is not worth looking through.
    text = words.first(text, max_words + _MOST_REPEATED)
    text = _without_repeated_start(text, passage)
    text = _without_what_follows(text, passage)
    text = _with_breaks_as_in(text, passage)
    if passage.ends_sentence:
        text = _whole(text, passage, max_words, cut_short=cut_short)
    else:
        text = _inside_sentence(text, passage, max_words)
    text = _with_capital(text.strip(), passage)
    return f"{passage.head}{text}{passage.tail}" if text else ""


def _without_wrapping_quotes(text: str, passage: Passage) -> str:
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 3 or passage.core[0] == text[0]:
        return text
    inner = text[1:-1]
    if text[-1] != closing or text[0] in inner or closing in inner:
        return text
    return inner.strip()


def _without_repeated_start(text: str, passage: Passage) -> str:
    """Return `text` without the sentence or sentences before the passage, told again."""
    before = [word for word, _, _ in overlap.keyed_words(passage.left[-2 * _MOST_REPEATED :])]
    first = list(islice(overlap.keyed_words(text), len(before)))
    told = [word for word, _, _ in first]
    is_unspaced = words.is_unspaced("".join(told[:_LEAST_REPEATED]))
    least = _LEAST_CHARACTERS if is_unspaced else _LEAST_REPEATED
    for count in range(len(first), least - 1, -1):
        if told[:count] == before[-count:]:
            # Where no space is, the signs behind the last word are no part of it.
            rest = text[first[count - 1][2] :]
            return rest.lstrip(f"{_STOPS}{_CLAUSE_SIGNS}{_CLOSING}").lstrip()
    return text


def _without_what_follows(text: str, passage: Passage) -> str:
    """Return `text` up to where what follows begins, if it does, whole or only half told."""
    inside = not passage.ends_sentence
    following = overlap.opening(passage.right, inside_sentence=inside)
    if not following:
        return text
    lookout = overlap.Lookout(following)
    kept = lookout.feed(text) + lookout.rest()
    if lookout.ended:
        return kept.rstrip()
    told = list(overlap.keyed_words(text))
    # The answer broke off in the middle of telling it: at least half of its opening is there.
    for count in range(min(len(following), len(told)) - 1, len(following) // 2, -1):
        if [word for word, _, _ in told[-count:]] == following[:count]:
            return text[: told[-count][1]].rstrip()
    if inside and not words.is_unspaced(following[0]):  # a character may stand anywhere
        for index, (word, start, _) in enumerate(told):
            if index and word == following[0]:
                return text[:start].rstrip()
    return text


def _with_breaks_as_in(text: str, passage: Passage) -> str:
    """Return `text` in paragraphs only where the passage may have them.

    Inside a paragraph, a new one means that the model has gone on to other things.
    """
    if passage.is_paragraphs:
        return re.sub(r"\n{3,}", "\n\n", text)
    return text.partition("\n")[0].rstrip(" \t")


def _whole(text: str, passage: Passage, max_words: int, *, cut_short: bool) -> str:
    if cut_short or words.count(text) > max_words:
        text = sentences.whole_sentences(text, max(max_words, 1))
    if not sentences.ends_sentence(passage.core):
        return text
    text = text.rstrip(f" {_CLAUSE_SIGNS}-")
    return text if not text or sentences.ends_sentence(text) else text + sentences.full_stop(text)


def _inside_sentence(text: str, passage: Passage, max_words: int) -> str:
    """Return so much of `text` as can stand where the sentence goes on behind it."""
    text = words.first(text, max_words)
    clauses = passage.core.rstrip(_CLAUSE_SIGNS)
    ending = passage.core[len(clauses) :]
    is_one_clause = not _CLAUSE_END.search(clauses)
    closing = _CLAUSE_END.search(text) if is_one_clause else None
    if closing and text[: closing.start()].strip():
        text = text[: closing.start()]
    text = text.rstrip(f" {_STOPS}{_CLAUSE_SIGNS}")
    return text + ending if text and text[-1] not in _CLOSING else text


def _with_capital(text: str, passage: Passage) -> str:
    first = re.search(r"\w", text)
    if first is None:
        return text
    index = first.start()
    word = re.match(r"\w+", text[index:])
    if passage.starts_sentence and _first_letter(passage.core).isupper():
        return text[:index] + text[index].upper() + text[index + 1 :]
    if not passage.starts_sentence and word and word[0].lower() in _PLAIN_WORDS:
        return text[:index] + text[index].lower() + text[index + 1 :]
    return text


def _first_letter(text: str) -> str:
    return next((character for character in text if character.isalpha()), "")
