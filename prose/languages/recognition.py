"""The language that a text is in, as far as it shows: by its script, or by its little words.

Readers for the blind choose voices by it, books fonts and hyphens.
"""

import re
from collections import Counter
from itertools import islice

from prose import languages, words

RIGHT_TO_LEFT = frozenset({"ar", "he"})
# Of a text, what its language is known by: characters, and words.
_READ, _WORDS = 20_000, 2_000
# By the script; what is written in several languages has the one with most readers.
_SCRIPTS = (
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff\u0750-\u077f]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\u1100-\u11ff\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
)
# Letters that only the first of two languages in one script has, and their share of the letters.
_VIETNAMESE = re.compile("[\u01a0\u01a1\u01af\u01b0\u0110\u0111\u1ea0-\u1ef9]")
_UKRAINIAN = re.compile("[\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491]")
_OWN_SHARE = 30
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
# A sign of these stands for a word or a syllable; Latin letters are many to a word.
_WEIGHTS = {"zh": 3, "ja": 3, "ko": 3}
# Japanese is written in Chinese signs too: a tenth of them in its own tells it.
_KANA_SHARE = 10
# Snowball's names.
_CODES = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it",
    "portuguese": "pt", "catalan": "ca", "romanian": "ro", "dutch": "nl", "swedish": "sv",
    "danish": "da", "norwegian": "nb", "finnish": "fi", "estonian": "et", "hungarian": "hu",
    "polish": "pl", "czech": "cs", "turkish": "tr", "indonesian": "id", "lithuanian": "lt",
}  # fmt: skip
# All that a text may be found to be in.
CODES = frozenset({*_CODES.values(), *(code for code, _ in _SCRIPTS), "uk", "vi"})
_SNOWBALL = {code: name for name, code in _CODES.items()}


def language_of(text: str, expected: str = "") -> str:
    """Return the language of `text` (BCP 47, without a script or region).

    Where its little words speak for `expected` as much as for any other, it is that one; English
    where nothing speaks for another.
    """
    text, expected = text[:_READ], expected.partition("-")[0].lower()
    found = Counter(
        {code: len(pattern.findall(text)) * _WEIGHTS.get(code, 1) for code, pattern in _SCRIPTS}
    )
    if found["ja"] * _KANA_SHARE > found["zh"]:
        found["ja"] += found.pop("zh")
    code, most = found.most_common(1)[0]
    latin = len(_LATIN.findall(text))
    if most <= latin:
        return _in_latin_letters(text, latin, expected)
    if code == "ru" and len(_UKRAINIAN.findall(text)) * _OWN_SHARE > most:
        return "uk"
    return code


def _in_latin_letters(text: str, letters: int, expected: str) -> str:
    if len(_VIETNAMESE.findall(text)) * _OWN_SHARE > letters:
        return "vi"
    told = list(islice(words.folded_words(text), _WORDS))
    if not told:
        return expected or "en"
    return _CODES[languages.language_of(told, _SNOWBALL.get(expected, languages.ENGLISH))]
