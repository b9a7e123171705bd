"""A passage in its place: what the model has to write, between what must not change.

A selection may begin and end anywhere. What it cuts of a word, and the white space at its ends, are
carried over as they are, so that the model writes whole words between whole words.
"""

import re
import unicodedata
from dataclasses import dataclass

from prose import said, sentences, words

_OPENING = "\"'“‘«([{¿¡„‚‹»「『《〈【（"
_APOSTROPHES = "'’"
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
# Letters and digits that belong together: of Unicode's first scripts, before those without spaces.
_PLAIN = re.compile(r"[^\W\u0e00-\U0010ffff]+")
_STEP = 256  # characters that are looked at in one go


class EmptyPassageError(Exception):
    """There is no whole word in the selection."""

    def __init__(self) -> None:
        super().__init__(said("Select at least one whole word."))


@dataclass(frozen=True)
class Passage:
    """The selected part of a story; the five parts in a row are the whole text."""

    before: str
    head: str  # white space and the rest of a cut word: carried over
    core: str  # what is written anew
    tail: str  # as `head`
    after: str

    @property
    def words(self) -> int:
        """Words of what is written anew; signs alone count as one."""
        return max(1, words.count(self.core))

    @property
    def left(self) -> str:
        """All that stands before what is written anew."""
        return self.before + self.head

    @property
    def right(self) -> str:
        """All that stands after it."""
        return self.tail + self.after

    @property
    def starts_sentence(self) -> bool:
        """Whether a sentence begins where the passage does; none does before "asked Ben"."""
        first = next((character for character in self.core if character.isalpha()), "")
        # The opening quotes are the sentence's own.
        return not first.islower() and sentences.can_begin_after(self.left.rstrip(_OPENING))

    @property
    def ends_sentence(self) -> bool:
        """Whether no sentence goes on behind the passage."""
        following = self.right.lstrip(" \t")
        return (
            sentences.ends_sentence(self.core, self.right)
            or not following
            or following[0] in "\r\n"
        )

    @property
    def is_paragraphs(self) -> bool:
        """Whether the passage has line breaks, or is a paragraph from end to end."""
        alone = self.left.rstrip(" \t")[-1:] in ("", "\n") and (
            self.right.lstrip(" \t")[:1] in ("", "\n", "\r")
        )
        return alone or "\n" in self.core

    @property
    def is_whole_story(self) -> bool:
        """Whether nothing but white space is left outside."""
        return not self.left.strip() and not self.right.strip()


def cut(text: str, start: int, end: int) -> Passage:
    """Return the passage of `text` from `start` to `end`; raises `EmptyPassageError`."""
    first, last = start, end
    while first < last and _joined(text, first):
        # All of a run of plain letters at once: a word may be as long as the text.
        run = _PLAIN.match(text, first, last)
        first = run.end() if run else first + 1
    while last > first and _joined(text, last):
        run = _PLAIN.match(text[max(first, last - _STEP) : last][::-1])
        last -= run.end() if run else 1
    selected = text[first:last]
    first += len(selected) - len(selected.lstrip())
    last = first + len(selected.strip())
    if first >= last:
        raise EmptyPassageError
    return Passage(text[:start], text[start:first], text[first:last], text[last:end], text[end:])


def _joined(text: str, index: int) -> bool:
    """Tell whether the characters around `index` belong together: in a word or in one sign."""
    if not 0 < index < len(text):
        return False
    left, right = text[index - 1], text[index]
    if right == _JOINER or left == _JOINER or _is_mark(right):
        return True
    if ord(left) in _FLAG_LETTERS and ord(right) in _FLAG_LETTERS:
        return _flag_letters_before(text, index) % 2 == 1
    if right in _APOSTROPHES:
        return _is_letter(left) and _is_letter(text[index + 1 : index + 2])
    if left in _APOSTROPHES:
        return _is_letter(text[index - 2 : index - 1] if index > 1 else "") and _is_letter(right)
    return _is_letter(left) and _is_letter(right)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me"} or ord(character) in _SKIN_TONES


def _is_letter(character: str) -> bool:
    """Tell whether `character` is part of a word; in scripts without spaces, each is its own."""
    if not character or not (character.isalnum() or _is_mark(character) or character == "_"):
        return False
    return not words.is_unspaced(character)


def _flag_letters_before(text: str, index: int) -> int:
    count = 0
    while count < index and ord(text[index - 1 - count]) in _FLAG_LETTERS:
        count += 1
    return count
