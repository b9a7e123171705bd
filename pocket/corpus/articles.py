"""Which article stands before a word: by its sound, as far as its letters tell."""

import re

_VOWEL_SOUND = re.compile(
    r"h(?:our|onest|onou?r|eir)|8|1[18]\b|[fhlmnrsx]\b|(?-i:[FHLMNRSX][A-Z])"
    r"|(?!eu|ew|one(?!r)|once\b|ub[io]|unanim|uni(?!d|m|n|ro|ss)|u[rv][aeiou]|us[aeiu]|uk|ut[eio]"
    r"|u\b|(?-i:U[A-Z]))[aeiouáàâäéèêëíîïóôöúûü]",
    re.IGNORECASE,
)


def article(text: str) -> str:
    """Return "a" or "an", whichever stands before `text`."""
    return "an" if _VOWEL_SOUND.match(text) else "a"
