"""How hard an English text is to read: the Flesch reading ease and the Flesch–Kincaid grade.

R. Flesch, "A new readability yardstick", 1948; J. P. Kincaid et al., "Derivation of new
readability formulas for Navy enlisted personnel", 1975.
"""

import re
from collections import Counter
from typing import NamedTuple

from prose import sentences

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
# A last e that is not heard: "made", "makes", "baked"; but not "table", "horses", "wanted".
_SILENT = re.compile(r"(?<![aeiouyl])es?$|(?<=[aeiouy])le$|(?<=[aeiouyrn])les$|(?<![aeiouydt])ed$")
_HISSING = re.compile(r"(?:[csxz]|[cs]h|g)es$")
# Vowels side by side that are two syllables: "idea", "lion", "being", "poem", "quiet".
_APART = re.compile(
    r"(?<=\b[ai][rd])ea\b|ia(?!l\b|n\b)|(?<![gstcx])io|(?<![gq])ue(?=[lt]\b)|eo(?!u)|ying|[aeo]ing\b|oe[mt]|iet|iu"
)
_READ = 20_000  # characters, from the beginning
_FEWEST_WORDS = 30  # of fewer, the formulas say nothing
# A pupil in the first grade is six or seven.
_AGE_OF_GRADE_ZERO = 5
_YOUNGEST, _OLDEST = 5, 18
# Years by which the formula may be wrong of a story; what reads easier is never too hard.
_LEEWAY = 1


class ReadingLevel(NamedTuple):
    """The grade of American schools, the ease (100 is easy), and the age of readers in years."""

    grade: float
    ease: float
    age: int

    @property
    def is_for_adults(self) -> bool:
        """Whether it reads harder than what schools read."""
        return self.age >= _OLDEST

    def is_too_hard_for(self, age: int | None) -> bool:
        """Tell whether readers of about `age` years, if it was said, are too young for it."""
        return age is not None and self.age > age + _LEEWAY


def reading_level(text: str) -> ReadingLevel | None:
    """Return the level of an English `text`; None of one that is too short to tell."""
    text = text[:_READ]
    words = _WORD.findall(text.lower())
    if len(words) < _FEWEST_WORDS:
        return None
    told = max(1, sum(1 for _ in sentences.sentences(text)))
    per_sentence = len(words) / told
    per_word = sum(syllables(word) * times for word, times in Counter(words).items()) / len(words)
    grade = 0.39 * per_sentence + 11.8 * per_word - 15.59
    ease = 206.835 - 1.015 * per_sentence - 84.6 * per_word
    age = min(max(round(grade) + _AGE_OF_GRADE_ZERO, _YOUNGEST), _OLDEST)
    return ReadingLevel(round(grade, 1), round(ease, 1), age)


def syllables(word: str) -> int:
    """Return how many syllables an English `word` in small letters has, by its letters."""
    count = len(_VOWELS.findall(word)) + len(_APART.findall(word))
    if _SILENT.search(word) and not _HISSING.search(word):
        count -= 1
    return max(1, count)
