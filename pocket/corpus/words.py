"""Open-ended names and keywords, so that the model learns to copy what it is given.

Names are real ones of many languages, made-up ones, and both with surnames and titles; keywords
are things, plurals, and what can't be counted, alone and in phrases, real and made-up. Every name
and keyword falls on one side of the split for good, by the hash of its main word; a word that
stands in any sentence pattern is always on the side of training.
"""

import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

from pocket.corpus import banks
from pocket.corpus.articles import article

Split = Literal["train", "held-out"]
Pronoun = Literal["he", "she"]
Kind = Literal["thing", "plural", "mass"]
Part = Literal["heroes", "companions"]

_PHONOLOGIES = (
    # onsets, vowels, codas
    ("b br c d dr f fl g gr h j k kl l m n p qu r s sh st t th tr v w y z", "a e i o u ai ea ee ia",
     "l n r s th m x nd rk sh ck lt"),
    ("k s t n h m y r w g z d b p ky sh ch ts", "a i u e o", "n"),
    ("v z s k p t m n r l d b j g kr pr st sv zl dr", "a e i o u y", "k v n r s t m sk nik"),
    ("m b d n k z l t f ng nk w ch th", "a e i o u", ""),
    ("el ar th gal ly fin cal mor sil var dor er is nim", "a e i o u ae ie",
     "n r l s th nor dil rion"),
)  # fmt: skip
_SYLLABLES = tuple(tuple(tuple(part.split()) for part in phonology) for phonology in _PHONOLOGIES)
# Letters of names in the Latin alphabet's many languages, by the letter they are a form of.
_ACCENTS = {
    "a": "áàâãäåąăā", "c": "çčć", "d": "ďđ", "e": "éèêëęěē", "g": "ğ", "i": "íìîïī", "l": "ł",
    "n": "ñńň", "o": "óòôõöøőō", "r": "ř", "s": "śšş", "t": "ťţ", "u": "úùûüůűū", "y": "ýÿ",
    "z": "źżž", "A": "ÁÀÂÄÅ", "C": "ÇČ", "D": "Đ", "E": "ÉÈÊ", "I": "Íİ", "L": "Ł", "N": "Ñ",
    "O": "ÓÖØŌ", "R": "Ř", "S": "ŚŠŞ", "U": "ÚÜ", "Z": "ŻŽ",
}  # fmt: skip
ACCENTED_LETTERS = "".join(_ACCENTS.values())
# What a name may begin with: its first token decides whether the rest is found. Many of these have
# no token of their own and are written as bytes; whichever it is has to be learned to be copied.
_CAPITALS = (
    "ÁÀÂÄÃÅÆĂĄĀÇČĆĈĊĎĐÐÉÈÊËĒĖĘĚĞĢĜĠĦĤÍÌÎÏİĪĮĴĶĹĻĽŁÑŃŇŅÓÒÔÖÕŐØŒŌÞŔŘŖŚŠŞȘŜŤȚŢŦÚÙÛÜŪŮŰŲŬŴÝŸŶŹŽŻ"
)
# Letters of other alphabets for those of the Latin one; what a letter sounds like matters little.
_ALPHABETS = tuple(
    {latin: others.split() for latin, others in zip("abcdefghijklmnopqrstuvwxyz", row, strict=True)}
    for row in (
        (
            "а", "б", "ц ч", "д", "е є э", "ф", "г ґ", "х", "и і ї", "й ј", "к", "л љ", "м",
            "н њ", "о ё", "п", "щ", "р", "с ш", "т", "у ў", "в", "ў в", "кс", "ы ю я", "з ж",
        ),
        (
            "α ά", "β", "χ", "δ", "ε έ", "φ", "γ", "η ή", "ι ί", "ι", "κ", "λ", "μ",
            "ν", "ο ό", "π", "κ", "ρ", "σ", "τ θ", "ου ύ", "β", "ω ώ", "ξ", "υ", "ζ ψ",
        ),
    )
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
Drawn = TypeVar("Drawn", "Character", "Keyword")


@dataclass(frozen=True)
class Character:
    """A name as the settings give it, what the story calls its bearer later, and the pronoun."""

    text: str
    short: str
    pronoun: Pronoun


@dataclass(frozen=True)
class Keyword:
    """A keyword, and what it names: a thing ("a silver key"), several ("owls") or "courage"."""

    text: str
    kind: Kind

    @property
    def indefinite(self) -> str:
        """The keyword as it is first spoken of."""
        if self.kind != "thing":
            return self.text
        return f"{article(self.text)} {self.text}"

    @property
    def definite(self) -> str:
        """The keyword as it is spoken of again."""
        return self.text if self.kind == "mass" else f"the {self.text}"


@cache
def _lists() -> dict[str, list[str]]:
    lines = banks.read_sections(banks.FOLDER / "words.txt")[""]
    words = {name: " ".join(entries).split() for name, entries in lines.items()}
    for name in ("mass phrases", "tails"):
        words[name] = "|".join(lines[name]).split("|")
    return words


@cache
def _pattern_words() -> frozenset[str]:
    words = {word.lower() for line in banks.all_lines() for word in _WORD.findall(line)}
    return frozenset(words | {"she", "her", "herself"})  # the slots bring them in


def is_held_out(word: str) -> bool:
    """Tell whether a name or main word is kept out of the training stories: about one in eight."""
    return zlib.crc32(word.lower().encode()) % 8 == 0 and word.lower() not in _pattern_words()


def invented(rng: random.Random, syllables: int) -> str:
    """Return a made-up word of `syllables` syllables, in lower case, that no pattern contains."""
    while True:
        onsets, vowels, codas = rng.choice(_SYLLABLES)
        word = "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(syllables))
        word += rng.choice(codas) if codas and rng.random() < 0.5 else ""
        if len(word) > 2 and word not in _pattern_words():
            return word


@cache
def _real_words(source: str) -> list[str]:
    if source == "patterns":
        return sorted(word for word in _pattern_words() if len(word) > 3)
    return [word.lower() for word in _lists()[source] if word.isalpha()]


@cache
def _real_names() -> frozenset[str]:
    return frozenset(name.lower() for source in ("her", "him") for name in _lists()[source])


def spliced(rng: random.Random, source: str) -> str:
    """Return a made-up word, in lower case: the head of a real one and the tail of another.

    But for the joint, its letters stand beside each other in words of `source` (a list of names
    or keywords, or "patterns": all that the sentences are written in). So it has the tokens of a
    real word that the model does not know.
    """
    words = _real_words(source)
    while True:
        head, tail = rng.choice(words), rng.choice(words)
        word = head[: rng.randrange(1, 7)] + tail[-rng.randrange(2, 7) :]
        if 4 < len(word) < 12 and word not in words and word not in _pattern_words():
            return word


def _made_up(rng: random.Random, source: str) -> str:
    kind = rng.random()
    # The form of what can't be counted is all that tells that it can't.
    if kind < 0.4 and source != "masses":
        # A token that stands in no name or keyword is one that the model doesn't learn to copy.
        return spliced(rng, "patterns")
    if kind < 0.7:
        return spliced(rng, source)
    return invented(rng, rng.choice((1, 2, 2, 2, 3)))


def _accented(rng: random.Random, name: str) -> str:
    """Return `name` with a mark on one of its letters, where there is such a letter."""
    places = [place for place, letter in enumerate(name) if letter in _ACCENTS]
    if not places:
        return name
    place = rng.choice(places)
    return name[:place] + rng.choice(_ACCENTS[name[place]]) + name[place + 1 :]


def _marked(rng: random.Random, name: str) -> str:
    """Return `name` with a marked letter first, or in another alphabet, now and then.

    Each letter is first as often as any other: most names begin with a few.
    """
    kind = rng.random()
    if kind < 0.05:
        return rng.choice(_CAPITALS) + name[1:]
    if kind < 0.08:
        alphabet = rng.choice(_ALPHABETS)
        first = rng.choice(" ".join(map(" ".join, alphabet.values())).split())
        letters = (rng.choice(alphabet.get(letter, [letter])) for letter in name[1:].lower())
        return first.capitalize() + "".join(letters)
    return name


def _first_name(rng: random.Random, wanted: Callable[[str], bool]) -> tuple[str, Pronoun]:
    while True:
        pronoun: Pronoun = rng.choice(("he", "she"))
        kind = rng.random()
        if kind < 0.4:
            name = rng.choice(_lists()["him" if pronoun == "he" else "her"])
        else:
            name = _made_up(rng, rng.choice(("him", "her", "surnames"))).capitalize()
            if name.lower() in _real_names():
                continue
            # The model has to guess, and so would a reader: a pronoun by the last letter.
            pronoun = "she" if name.endswith(("a", "e", "i", "y")) else "he"
            name = _accented(rng, name) if kind < 0.46 else name
        name = _marked(rng, name)
        if len(name) > 2 and wanted(name):
            return name, pronoun


def _surname(rng: random.Random, wanted: Callable[[str], bool]) -> str:
    while True:
        if rng.random() < 0.5:
            name = rng.choice(_lists()["surnames"])
        else:
            name = _made_up(rng, "surnames").capitalize()
        name = _marked(rng, name)
        if wanted(name):
            return name


def _character(rng: random.Random, wanted: Callable[[str], bool]) -> Character:
    name, pronoun = _first_name(rng, wanted)
    kind = rng.random()
    if kind < 0.1:
        titles = _lists()["titles"] + _lists()["him titles" if pronoun == "he" else "her titles"]
        family = _surname(rng, wanted) if rng.random() < 0.7 else name
        text = f"{rng.choice(titles)} {family}"
        return Character(text, text, pronoun)
    if kind < 0.24:
        return Character(f"{name} {_surname(rng, wanted)}", name, pronoun)
    # Some people type without capitals; the story keeps their way.
    name = name.lower() if kind > 0.98 else name
    return Character(name, name, pronoun)


def _noun(rng: random.Random, source: str, wanted: Callable[[str], bool]) -> str:
    while True:
        kind = rng.random()
        if kind < 0.6:
            noun = rng.choice(_lists()[source])
        elif kind < 0.94:
            noun = _made_up(rng, source)
            # Its form is all that tells one from several.
            if source != "plurals" and noun.endswith("s"):
                continue
        else:
            noun = _part(rng, "things", wanted) + _part(rng, source, wanted)
        if len(noun) > 2 and wanted(noun):
            return noun


def _plural(rng: random.Random, wanted: Callable[[str], bool]) -> str:
    while True:
        noun = _noun(rng, "plurals", wanted)
        if noun not in _lists()["plurals"] and not noun.endswith(("s", "x")):
            noun += "s"
        if wanted(noun):
            return noun


def _part(rng: random.Random, source: str, wanted: Callable[[str], bool]) -> str:
    """Return a word to make a longer keyword of; a held-out one is in no training story at all."""
    words = _lists()[source]
    return rng.choice([word for word in words if wanted(word)] or words)


def _keyword(rng: random.Random, wanted: Callable[[str], bool]) -> Keyword:
    lists = _lists()
    kind: Kind = rng.choices(("thing", "plural", "mass"), (60, 18, 22))[0]
    if kind == "thing":
        text = _noun(rng, "things", wanted)
    elif kind == "plural":
        text = _plural(rng, wanted)
    elif rng.random() < 0.15:
        text = rng.choice(lists["mass phrases"])
        if not wanted(text.split()[-1]):
            return _keyword(rng, wanted)
    else:
        text = _noun(rng, "masses", wanted)
    shape = rng.random()
    if kind != "mass" and shape < 0.38:
        text = f"{rng.choice(lists['adjectives'])} {text}"
    elif kind != "mass" and shape < 0.46:
        text = f"{text} {rng.choice(lists['tails'])}"
    elif kind == "thing" and shape < 0.54:
        text = f"{_part(rng, 'things', wanted)} {text}"
    if rng.random() < 0.04:
        text = text.title()
    return Keyword(text, kind)


def _rare_keyword(rng: random.Random, wanted: Callable[[str], bool]) -> Keyword:
    """Return a keyword, mostly made-up, with a token that the sentences hardly show.

    A tokenizer needs many a token only to make longer ones of it ("exam" in "examined"), and one
    that was seen a few hundred times is not copied, but forgotten ("exams"). The rare heads and
    tails are the pieces of the shipped tokenizer.model that stood in 12,000 examples 24 times at
    most; tests/pocket/training/test_tokens.py tells when another tokenizer needs others.
    """
    lists = _lists()
    while True:
        if rng.random() < 0.5:
            word = rng.choice(lists["rare heads"])
            word += rng.choice(("", "s", rng.choice(_real_words("things"))[-rng.randrange(1, 5) :]))
        else:
            word = invented(rng, 1)[: rng.randrange(1, 5)] + rng.choice(lists["rare tails"])
        if len(word) > 2 and wanted(word):
            break
    text = f"{rng.choice(lists['adjectives'])} {word}" if rng.random() < 0.3 else word
    return Keyword(text, "plural" if word.endswith("s") else "thing")


def _keyword_to_learn(rng: random.Random, wanted: Callable[[str], bool]) -> Keyword:
    return _rare_keyword(rng, wanted) if rng.random() < 0.13 else _keyword(rng, wanted)


def draw_characters(rng: random.Random, count: int, split: Split) -> list[Character]:
    """Return `count` different characters of one side of the split."""
    return _draw(rng, count, split, _character)


@cache
def familiar(part: Part) -> tuple[Character, ...]:
    """Return whom a story may tell of in that part where its prompt names nobody.

    What the model is to think of by itself are names that people have. No two begin with the same
    token, so that it can't mix them, and nobody can be both hero and companion.
    """
    his = set(_lists()["him"])
    return tuple(Character(name, name, "he" if name in his else "she") for name in _lists()[part])


def draw_keywords(rng: random.Random, count: int, split: Split) -> list[Keyword]:
    """Return `count` different keywords of one side of the split."""
    return _draw(rng, count, split, _keyword if split == "held-out" else _keyword_to_learn)


def _draw(
    rng: random.Random,
    count: int,
    split: Split,
    make: Callable[[random.Random, Callable[[str], bool]], Drawn],
) -> list[Drawn]:
    def wanted(word: str) -> bool:
        return is_held_out(word) == (split == "held-out")

    drawn: list[Drawn] = []
    while len(drawn) < count:
        candidate = make(rng, wanted)
        # One inside another ("map", "old map") would count as present when it is not.
        words = set(candidate.text.lower().split())
        if not any(words & set(other.text.lower().split()) for other in drawn) and not any(
            candidate.text.lower() in other.text.lower()
            or other.text.lower() in candidate.text.lower()
            for other in drawn
        ):
            drawn.append(candidate)
    return drawn
