"""How old a reader is to whom a text is no effort: Flesch and Kincaid's grade, for English.

J. P. Kincaid et al., Derivation of new readability formulas, 1975: 0.39 words a sentence + 11.8
syllables a word - 15.59 is the school year in the United States, of which the first begins at six.
"""

import re

from prose import sentences, words
from prose.child_friendly.check import is_english

# Shorter texts say nothing.
_LEAST_WORDS = 50
_YOUNGEST, _OLDEST = 5, 18
_VOWELS = re.compile("[aeiouyà-ÿ]++")
# Vowels that are not heard: "made", "jumped", "places" has them heard.
_SILENT = re.compile(r"(?<=[^aeiouy])(?:e|(?<![td])ed|(?<![sxz])(?<![cg])(?<!ch)(?<!sh)es)$")
# An end that is heard: "little", "apples".
_HEARD = re.compile(r"[^aeiouylrw]les?$")
# Two that are not one: "lion", "quiet", "create", "doing".
_APART = re.compile(r"i(?:a|o(?!u)|u|et)|eo|[aeiou]ing|(?<!q)ua|dnt|eat(?:e|i)")
_TOGETHER = re.compile(r"[cstg]i(?:a|o|u)")
_LONGEST_WORD = 40  # letters


def age(text: str) -> int | None:
    """Return the age in years that `text` reads like a text for; 18 stands for adults.

    None of a text in another language than English, and of a short one.
    """
    if not is_english(text):
        return None
    told = [text[start:end] for start, end in words.spans(text)]
    if len(told) < _LEAST_WORDS:
        return None
    count = sum(1 for _ in sentences.sentences(text)) or 1
    spoken = sum(map(syllables, told))
    grade = 0.39 * len(told) / count + 11.8 * spoken / len(told) - 15.59
    return round(min(max(grade + 5.5, _YOUNGEST), _OLDEST))


def syllables(word: str) -> int:
    """Return about how many syllables an English word has, by its letters; 1 at least."""
    told = words.folded(word)[:_LONGEST_WORD].removesuffix("'s")
    count = len(_VOWELS.findall(told))
    count -= bool(_SILENT.search(told)) and not _HEARD.search(told)
    count += len(_APART.findall(told)) - len(_TOGETHER.findall(told))
    return max(1, count)
