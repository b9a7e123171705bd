"""Which language a text is in, as far as it matters: whose stems its words are compared by."""

import re
from collections import Counter
from functools import lru_cache

import Stemmer

ENGLISH = "english"
# Of languages in Latin letters, the little words that few others have.
_LITTLE_WORDS = {
    ENGLISH: "the and of was were she with his her they it from to",
    "german": "der die das und ein eine nicht ist war sie er den dem mit im auf zu",
    "french": "le les des et une est était dans elle du qui ne pas sur avec",
    "spanish": "el los las y una que en con del por su era no se",
    "italian": "il gli che di e una non nella per era con si della sul",
    "portuguese": "o os as e um uma que não com do da em era no na",
    "catalan": "el els les i una que amb del era va no per dels",
    "romanian": "și în un o nu cu pe care era din la se spre",
    "dutch": "de het een en van niet zijn was hij zij met op",
    "swedish": "och att det en ett som inte hon han på var med av",
    "danish": "og det en et ikke hun han på var med af blev",
    "norwegian": "og det en et ikke hun han på var med av ble",
    "finnish": "ja oli ei hän että on se kun mutta",
    "estonian": "ja oli ei ta et on see kui aga",
    "hungarian": "a az és nem egy hogy volt meg de",
    "polish": "i w nie się na że był była z do jest",
    "czech": "a se na že v byl byla je do s ale",
    "turkish": "ve bir bu da de için gibi ama çok",
    "indonesian": "dan yang di itu dengan dari ke tidak seorang",
    "lithuanian": "ir buvo kad į su ne iš jis ji",
}
_LANGUAGES: dict[str, list[str]] = {}
for _language, _words in _LITTLE_WORDS.items():
    for _word in _words.split():
        _LANGUAGES.setdefault(_word, []).append(_language)
# Words of a text by which its language is known.
_ENOUGH = 4_000
# By the script of a word.
_SCRIPTS = (
    (re.compile("[\u0400-\u052f]"), "russian"),
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), "greek"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0900-\u097f]"), "hindi"),
    (re.compile("[\u0530-\u058f]"), "armenian"),
    (re.compile("[\u0b80-\u0bff]"), "tamil"),
)
# Their stems may begin with another letter than their words do.
WITH_PREFIXES = frozenset({"arabic", "dutch", "indonesian"})
# Letters; what is longer is no word of a language, and its stem would take long.
_LONGEST_WORD = 40


def language_of(words: list[str], expected: str = ENGLISH) -> str:
    """Return Snowball's name of the language of a text in Latin letters, given its words, folded.

    `expected` where nothing speaks more for another.
    """
    found = Counter[str]()
    for word, times in Counter(filter(_LANGUAGES.__contains__, words[:_ENOUGH])).items():
        for language in _LANGUAGES[word]:
            found[language] += times
    most = max(found.values(), default=0)
    return expected if found[expected] == most else max(found, key=lambda name: found[name])


def language_of_word(word: str, latin: str) -> str:
    """Return the language whose stems `word` is compared by: `latin`, or that of its script."""
    if word.isascii():
        return latin
    return next((language for script, language in _SCRIPTS if script.match(word)), latin)


def stem(word: str, language: str) -> str:
    """Return the stem of `word`, which is folded (Snowball)."""
    stemmed: str = _stemmer(language).stemWord(word) if len(word) <= _LONGEST_WORD else word
    return stemmed


@lru_cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(language, 0)  # its cache would take longer than the stem does
