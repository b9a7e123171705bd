"""Whether a name or a keyword stands in a text: in any capitals, form and inflection.

Words are compared by their stems where the language has them. In scripts without spaces a phrase
may stand anywhere; where other letters grow on a word, such as Hebrew's "and the", they may.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from prose import languages, words

_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_HEBREW, _ARABIC, _HANGUL = "א-ת", "\u0620-\u064a\u066e-\u06d3", "가-힣"
_GROWING = re.compile(f"[{_HEBREW}{_ARABIC}{_HANGUL}]")
# Letters that a word's end or a hurried writer changes.
_ALIKE = str.maketrans("ךםןףץأإآٱىیک", "כמנפצااااييك")
# What may stand before a word, and behind it.
_AROUND = (
    (re.compile(f"[{_HEBREW}]"), "[והבלכמש]{0,4}", "(?:ימ|ות|ו|י)?"),
    (re.compile(f"[{_ARABIC}]"), "[وف]?(?:[بكل]?ال|لل|[بكل])?", "(?:ها|هم|نا|ات|ين|ون|ان|[هيك])?"),
    (re.compile(f"[{_HANGUL}]"), "", f"[{_HANGUL}]{{0,3}}"),
)
# What goes on is another word: one in katakana, or one with Thai's vowels about a last letter.
_UNCUT = (
    (re.compile("[ァ-ヺー]"), "(?<![ァ-ヺー])", "(?![ァ-ヺー])"),
    (
        re.compile("[\u0e01-\u0e4e]"),
        "(?<![\u0e40-\u0e44])",
        "(?![\u0e30-\u0e3a\u0e45\u0e47-\u0e4e])",
    ),
)


def found(text: str, phrases: Sequence[str]) -> set[str]:
    """Return those of `phrases` that stand in `text`."""
    text = words.folded(text)
    alike = text.translate(_ALIKE) if _GROWING.search(text) else text
    left, there = {}, set()
    for phrase in phrases:
        folded = words.folded(phrase).strip()
        if words.is_unspaced(folded):
            is_there = _unspaced(folded).search(text) is not None
        else:
            is_there = bool(_GROWING.search(folded)) and _growing(folded).search(alike) is not None
        if is_there:
            there.add(phrase)
        elif not words.is_unspaced(folded):
            left[phrase] = folded
    return there | _by_stems(text, left)


def _unspaced(phrase: str) -> re.Pattern[str]:
    before = next((before for kind, before, _ in _UNCUT if kind.match(phrase)), "")
    behind = next((behind for kind, _, behind in _UNCUT if kind.match(phrase[-1])), "")
    return re.compile(before + re.escape(phrase) + behind)


def _growing(phrase: str) -> re.Pattern[str]:
    """Return what finds `phrase` with what may grow on each of its words."""
    parts = []
    for word in _words(phrase.translate(_ALIKE)):
        before, behind = next(
            ((before, behind) for kind, before, behind in _AROUND if kind.match(word)), ("", "")
        )
        parts.append(before + re.escape(word) + behind)
    phrase = r"[^\w]{1,3}".join(parts)
    return re.compile(rf"(?<!\w){phrase}(?!\w)")


def _by_stems(text: str, phrases: dict[str, str]) -> set[str]:
    """Return those of `phrases`, folded ones by what they are, that stand in `text`."""
    if not phrases:
        return set()
    told = _words(text)
    language = languages.language_of(told)
    told = _apart(told, language)
    wanted = {phrase: _apart(_words(folded), language) for phrase, folded in phrases.items()}
    stems = {phrase: [_stem(word, language) for word in parts] for phrase, parts in wanted.items()}
    plain, stemmed = _row(told), _row(_stemmed(told, stems.values(), language))
    return {
        phrase
        for phrase, parts in wanted.items()
        if (
            _row(parts) in plain
            or _row(stems[phrase]) in stemmed
            # A name's genitive, such as German's "Annas", is no inflection to Snowball.
            or (language != languages.ENGLISH and f"{_row(parts)[:-1]}s " in plain)
            if parts
            else phrases[phrase] in text  # no letters at all, such as "100%" or an emoji
        )
    }


def _stemmed(told: list[str], wanted: Iterable[list[str]], language: str) -> Iterable[str]:
    """Return `told` with stems for words: stemming takes long, and most words are none of these."""
    all_stems = {stem for stems in wanted for stem in stems}
    if language == languages.ENGLISH:
        beginnings = tuple(map(_beginning, all_stems))
        return (
            # "Dying" is the one kind that begins in another way than its stem does.
            _stem(word, language)
            if word.startswith(beginnings) or word[1:5] == "ying" or not word.isascii()
            else word
            for word in told
        )
    first = {_first_letter(stem) for stem in all_stems}
    return (
        _stem(word, language)
        if _first_letter(word) in first or _has_prefixes(word, language)
        else word
        for word in told
    )


def _beginning(stem: str) -> str:
    """Return what all words of `stem` begin with: "citi" has another letter than "city"."""
    return stem[: max(1, len(stem) - 1)]


@cache
def _letter(character: str) -> str:
    return unicodedata.normalize("NFD", character)[:1]


def _first_letter(word: str) -> str:
    """Return the first letter of `word` without its accent, which a stem may have lost."""
    return _letter(word[:1])


def _has_prefixes(word: str, language: str) -> bool:
    return languages.language_of_word(word, language) in languages.WITH_PREFIXES


def _stem(word: str, language: str) -> str:
    return languages.stem(word, languages.language_of_word(word, language))


def _row(told: Iterable[str]) -> str:
    """Return `told` as a text in which some of them in a row are found like any other text."""
    return f" {' '.join(told)} "


def _words(text: str) -> list[str]:
    """Return the words of `text`, folded; hyphens count as spaces."""
    return _ASCII_WORD.findall(text) if text.isascii() else _word_pattern().findall(text)


@cache
def _word_pattern() -> re.Pattern[str]:
    word = rf"(?:[^\W_]++|[{words.marks()}]++)++"
    return re.compile(rf"{word}(?:'{word})*+")


def _apart(told: list[str], language: str) -> list[str]:
    """Return `told` with "l'île" and "Ayşe'nin" as two; English stems know what its 's is."""
    if language == languages.ENGLISH:
        return told
    return [part for word in told for part in word.split("'")]
