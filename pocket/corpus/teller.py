"""The sentences of one story: chosen, filled, put in order."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pocket.corpus import banks
from pocket.corpus.settings import Material
from pocket.corpus.style import Style
from pocket.corpus.words import Character

# The start of a sentence: white space behind the end of another that is not a title's full stop.
_SENTENCE_START = re.compile(r"(?<=[.!?\"])(?<!Mr\.)(?<!Dr\.)(?<!Mrs\.)(?<!Ms\.)\s+(?=[^a-z\s-])")
_SLOT = re.compile(r"\{(\w+)\}")
_HERO = re.compile(r"\{(He|he|him|His|his)\}")
# A plural in the place of a thing: patterns that would need another form of the verb.
_SINGULAR = re.compile(r"\{[oO]\} (is|was|has|lies|hangs|had been)\b")
_PRONOUNS = {
    "he": {"he": "he", "him": "him", "his": "his", "himself": "himself"},
    "she": {"he": "she", "him": "her", "his": "her", "himself": "herself"},
}


@dataclass
class Sentence:
    """A sentence and where in the story it stands: whole numbers are paragraphs.

    `rank` is its pattern's place in its bank: two beats of one bank have one position.
    """

    position: float
    text: str
    pattern: str
    rank: int = 0
    who: Character | None = None  # the companion that it is about
    beat: bool = False


@dataclass
class Teller:
    """Collects the sentences of one story, and never uses a pattern twice.

    What a story takes from one bank stands in it in the bank's order. Whoever wants to know which
    sentences have been said already then has to look at the last of them only, and a small model
    learns not to repeat itself. Sentences that bring a keyword in are no two alike anyhow.
    """

    rng: random.Random
    material: Material
    style: Style
    slots: dict[str, str]
    plural_object: bool = False
    sentences: list[Sentence] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    turns: dict[Character, int] = field(default_factory=dict)

    def add(
        self,
        position: float,
        patterns: Sequence[str],
        *,
        beat: bool = False,
        about: bool = False,
        in_order: bool = True,
    ) -> bool:
        """Add one unused pattern that fits, at `position`; tell whether there was one.

        A `beat` names what the plot is about if it can: mostly, and always with `about`. With
        `in_order`, one that keeps the sentences of `patterns` in their order.
        """
        allowed = self._allowed(position, patterns) if in_order else patterns
        fitting = [pattern for pattern in allowed if self._fits(pattern)]
        naming = [pattern for pattern in fitting if "{o}" in pattern.lower()]
        if beat and naming and (about or self.rng.random() < 0.8):
            fitting = naming
        if not fitting:
            return False
        pattern = self.rng.choice(fitting)
        self.used.add(pattern)
        who, other = self._company(pattern)
        text = self.style.word(self.rng, pattern.removeprefix("!"))
        for name, person in (("x", who), ("y", other)):
            if person is not None:
                text = fill(text, _person(name, person))
        rank = patterns.index(pattern)
        self.sentences.append(Sentence(position, text, pattern, rank, who, beat))
        return True

    def _allowed(self, position: float, patterns: Sequence[str]) -> Sequence[str]:
        """Return those of `patterns` that may stand at `position`, beside those that are used."""
        placed = [(s.position, patterns.index(s.pattern))
                  for s in self.sentences if s.pattern in patterns]  # fmt: skip
        after = [rank + 1 for place, rank in placed if place < position]
        before = [rank for place, rank in placed if place > position]
        return patterns[max(after, default=0) : min(before, default=len(patterns))]

    def _fits(self, pattern: str) -> bool:
        if pattern in self.used or (
            pattern.startswith("!") and self.material.settings.child_friendly
        ):
            return False
        if self.plural_object and _SINGULAR.search(pattern):
            return False
        companions = len(self.material.characters) - 1
        return not ("{x" in pattern and companions < 1) and not ("{y" in pattern and companions < 2)

    def _company(self, pattern: str) -> tuple[Character | None, Character | None]:
        if "{x" not in pattern:
            return None, None
        # Those of equal turns in the prompt's order, so that who comes next can be learned.
        companions = list(self.material.characters[1:])
        companions.sort(key=lambda person: self.turns.get(person, 0))
        self.turns[companions[0]] = self.turns.get(companions[0], 0) + 1
        return companions[0], companions[1] if "{y" in pattern else None

    def name_object(self, text: str, *, plural: bool = False) -> None:
        """Call what the plot is about `text`, all through the story."""
        self.plural_object = plural
        slots = {"o": text, "it": "them" if plural else "it"}
        self.slots |= {
            **slots,
            **{key.capitalize(): capital(value) for key, value in slots.items()},
        }

    def words(self, part: int | None = None) -> int:
        """Return how many words there are so far, in all or in one paragraph."""
        return sum(
            len(sentence.text.split())
            for sentence in self.sentences
            if part is None or int(sentence.position) == part
        )


def fill(text: str, slots: dict[str, str]) -> str:
    """Return `text` with the known slots filled, capitalised where they open a sentence."""

    def value(match: re.Match[str]) -> str:
        return slots.get(match[1], match[0])

    return _SLOT.sub(value, text)


def _person(name: str, person: Character) -> dict[str, str]:
    forms = {f"{name}_{key}": value for key, value in _PRONOUNS[person.pronoun].items()}
    return {name: person.short, **forms}


def hero_slots(rng: random.Random, material: Material, genre: banks.Lines) -> dict[str, str]:
    """Return what the slots of hero and place are filled with, all through the story."""
    hero = material.characters[0]
    slots = {"a": hero.short, "p": rng.choice(genre["places"]), **_PRONOUNS[hero.pronoun]}
    return {**slots, **{key.capitalize(): capital(value) for key, value in slots.items()}}


def capital(text: str) -> str:
    """Return `text` with a capital letter at its start."""
    return text[0].upper() + text[1:]


def join(parts: Sequence[str]) -> str:
    """Return "x", "x and y" or "x, y and z"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def sentence_starts(story: str) -> list[int]:
    """Return where the second and later sentences begin."""
    return [match.end() for match in _SENTENCE_START.finditer(story)]


def split_sentences(story: str) -> list[str]:
    """Return the story's sentences."""
    return _SENTENCE_START.split(story)


def paragraphs(teller: Teller, *, one_development: bool) -> str:
    """Return the sentences as a text, an empty line between its paragraphs.

    There are four of them, or three with `one_development`.
    """
    parts: dict[int, list[str]] = {}
    unnamed = set(teller.material.characters)
    since, last = 9, None
    said: set[str] = set()
    for sentence in sorted(teller.sentences, key=lambda s: (s.position, s.rank)):
        # Somebody else was spoken of, or it was long ago: the name, not the pronoun.
        named = since > 2 or last is not None
        text = _name_hero(sentence.text) if named else sentence.text
        since = 0 if "{a}" in text else since + 1
        last = sentence.who
        text = teller.style.finish(
            teller.rng, fill(text, teller.slots), lead=sentence.beat, said=said
        )
        for character in teller.material.characters:
            if character in unnamed and (found := _standing(character.short, text)):
                unnamed.remove(character)
                if character.text not in text:
                    text = text[: found.start()] + character.text + text[found.end() :]
        parts.setdefault(int(sentence.position), []).append(text)
    names = [character.text for character in teller.material.characters]
    names += [character.short for character in teller.material.characters]
    blocks = [
        # A twist begins a sentence.
        parts[number]
        if number == 3 and teller.material.settings.final_twist
        else teller.style.merge(teller.rng, parts[number], names)
        for number in sorted(parts)
    ]
    if one_development and len(blocks) == 4:
        blocks[1:3] = [blocks[1] + blocks[2]]
    places = ["open", *["on"] * (len(blocks) - 2), "close"]
    return "\n\n".join(
        _lead_in(teller.rng, " ".join(block), names, place)
        for place, block in zip(places, blocks, strict=False)
    )


def _lead_in(rng: random.Random, paragraph: str, names: Sequence[str], place: str) -> str:
    """Return `paragraph` with a word before the name that it begins with.

    Without the space before it a name has other tokens than in the prompt, and the model would
    have to learn to copy each of them twice.
    """
    if not paragraph.startswith(tuple(names)):
        return paragraph
    return f"{rng.choice(banks.load().shared[f'lead {place}'])} {paragraph}"


def _name_hero(text: str) -> str:
    """Return `text` with the hero's name in the place of the first pronoun, unless it has it."""
    if "{a}" in text:
        return text
    return _HERO.sub(lambda match: "{a}'s" if match[1] in {"his", "His"} else "{a}", text, count=1)


def _standing(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
