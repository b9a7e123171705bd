"""From settings to a story: a plot's beats in order, and around them what the length allows."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pocket.corpus import banks
from pocket.corpus.settings import Material
from pocket.corpus.style import Style, style_of
from pocket.corpus.words import Character, Keyword

# Words that a story aims at when the limit leaves room.
LONGEST = 400
# The start of a sentence: white space behind the end of another that is not a title's full stop.
_SENTENCE_START = re.compile(r"(?<=[.!?\"])(?<!Mr\.)(?<!Dr\.)(?<!Mrs\.)(?<!Ms\.)\s+(?=[^a-z\s])")
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
    """A sentence and where in the story it stands: whole numbers are paragraphs."""

    position: float
    text: str
    pattern: str
    who: Character | None = None  # the companion that it is about
    beat: bool = False


@dataclass
class Teller:
    """Collects the sentences of one story, and never uses a pattern twice."""

    rng: random.Random
    material: Material
    style: Style
    slots: dict[str, str]
    plural_object: bool
    sentences: list[Sentence] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    turns: dict[Character, int] = field(default_factory=dict)

    def add(self, position: float, patterns: Sequence[str], *, beat: bool = False) -> bool:
        """Add one unused pattern that fits, at `position`; tell whether there was one."""
        fitting = [pattern for pattern in patterns if self._fits(pattern)]
        if beat and (about := [pattern for pattern in fitting if "{o}" in pattern.lower()]):
            fitting = about if self.rng.random() < 0.5 else fitting
        if not fitting:
            return False
        pattern = self.rng.choice(fitting)
        self.used.add(pattern)
        who, other = self._company(pattern)
        text = self.style.word(self.rng, pattern.removeprefix("!"))
        for name, person in (("x", who), ("y", other)):
            if person is not None:
                text = fill(text, _person(name, person))
        self.sentences.append(Sentence(position, text, pattern, who, beat))
        return True

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
        companions = list(self.material.characters[1:])
        self.rng.shuffle(companions)
        companions.sort(key=lambda person: self.turns.get(person, 0))
        self.turns[companions[0]] = self.turns.get(companions[0], 0) + 1
        return companions[0], companions[1] if "{y" in pattern else None

    def words(self) -> int:
        """Return how many words there are so far."""
        return sum(len(sentence.text.split()) for sentence in self.sentences)


def fill(text: str, slots: dict[str, str]) -> str:
    """Return `text` with the known slots filled, capitalised where they open a sentence."""

    def value(match: re.Match[str]) -> str:
        return slots.get(match[1], match[0])

    return _SLOT.sub(value, text)


def _person(name: str, person: Character) -> dict[str, str]:
    forms = {f"{name}_{key}": value for key, value in _PRONOUNS[person.pronoun].items()}
    return {name: person.short, **forms}


def join(parts: Sequence[str]) -> str:
    """Return "x", "x and y" or "x, y and z"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def tell(rng: random.Random, material: Material) -> str | None:
    """Return a story in paragraphs separated by an empty line.

    It names every character and keyword, keeps to the limit and has a twist if the settings ask
    for one. None when that can't be had: a very small limit leaves no room for five keywords.
    """
    limit = material.settings.max_words
    target = min(LONGEST * rng.uniform(0.8, 0.95), limit * rng.uniform(0.66, 0.84))
    first = 0 if target > 105 else 1 if target > 34 else 2
    for size in range(first, 3):
        for _ in range(12):
            story = _tell(rng, material, size, target)
            if len(story.split()) <= min(LONGEST, 0.95 * limit) and _is_complete(story, material):
                return story
    return None


def _is_complete(story: str, material: Material) -> bool:
    """Tell whether every character is there, and a short story is no mere row of stock sentences.

    A short plot may do without the hero's name; and the fewer sentences there are, the more of
    them have to be this story's own.
    """
    if not all(character.text in story for character in material.characters):
        return False
    sentences = split_sentences(story)
    marks = [character.short for character in material.characters]
    marks += [keyword.text for keyword in material.keywords]
    own = sum(any(mark in sentence for mark in marks) for sentence in sentences)
    return own / len(sentences) > (
        0.65 if len(sentences) < 8 else 0.5 if len(sentences) < 16 else 0.35
    )


def sentence_starts(story: str) -> list[int]:
    """Return where the second and later sentences begin."""
    return [match.end() for match in _SENTENCE_START.finditer(story)]


def split_sentences(story: str) -> list[str]:
    """Return the story's sentences."""
    return _SENTENCE_START.split(story)


def _tell(rng: random.Random, material: Material, size: int, target: float) -> str:
    loaded, settings = banks.load(), material.settings
    genre, register = loaded.genres[settings.genre], loaded.registers[settings.register]
    plot = genre.plots[rng.choice(list(genre.plots))]
    keywords = list(material.keywords)
    rng.shuffle(keywords)
    object_, rest = _choose_object(rng, keywords)
    teller = Teller(
        rng,
        material,
        style_of(settings.register),
        _slots(rng, material, genre.lines, object_),
        plural_object=object_ is not None and object_.kind == "plural",
    )
    if size < 2:
        _beats(teller, plot, size, target)
    else:
        _tiny(teller, plot, loaded.shared, material)
        rest = []
    if size == 1 and len(keywords) > 1:
        _list_of_keywords(teller, loaded.shared, keywords)
        rest = []
    if size == 0:
        _introduce(teller, loaded.shared, register, genre.lines["roles"])
    elif len(material.characters) > 1:
        _introduce_shortly(teller, material)
    if object_ is not None and not any("{o}" in s.text.lower() for s in teller.sentences):
        rest.append(object_)
    spread = rng.sample((0.4, 1.7, 2.55, 3.5, 1.3), 5)
    for position, keyword in zip(spread, rest, strict=False):
        _weave(teller, loaded.shared, register, genre.lines, keyword, position)
    if settings.final_twist:
        _twist(teller, plot, loaded.shared, register)
    if size < 2:
        _extend(teller, plot, genre.lines, register, loaded.shared, target, size)
    return _paragraphs(teller)


def _choose_object(
    rng: random.Random, keywords: list[Keyword]
) -> tuple[Keyword | None, list[Keyword]]:
    """Return the keyword that the plot is about, and the others."""
    for keyword in keywords:
        if keyword.kind != "mass" and rng.random() < 0.9:
            return keyword, [other for other in keywords if other is not keyword]
    return None, list(keywords)


def _slots(
    rng: random.Random, material: Material, genre: banks.Lines, object_: Keyword | None
) -> dict[str, str]:
    hero = material.characters[0]
    object_text = object_.definite if object_ is not None else rng.choice(genre["objects"])
    slots = {
        "a": hero.short,
        "p": rng.choice(genre["places"]),
        "o": object_text,
        "it": "them" if object_ is not None and object_.kind == "plural" else "it",
        **_PRONOUNS[hero.pronoun],
    }
    return {**slots, **{key.capitalize(): _capital(value) for key, value in slots.items()}}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _beats(teller: Teller, plot: banks.Lines, size: int, target: float) -> None:
    beats = {"open": 0.1, "want": 0.7, "trouble": 1.1, "try": 1.5, "turn": 2.7, "end": 3.1}
    if size == 1:
        beats = {"open": 0.1, "trouble": 1.1, "turn": 2.7, "end": 3.1}
        if teller.material.settings.final_twist:
            del beats["end"]
        if target < 65:
            del beats["trouble"]
    for beat, position in beats.items():
        teller.add(position, plot[beat], beat=True)


def _tiny(teller: Teller, plot: banks.Lines, shared: banks.Lines, material: Material) -> None:
    keywords = list(material.keywords)
    if len(keywords) == 1:
        _add_keyword(teller, 0.1, shared["tiny open"], keywords[0])
    else:
        teller.add(0.1, plot["open"], beat=True)
        _list_of_keywords(teller, shared, keywords)
    if len(keywords) == 1:
        teller.add(2.7, plot["turn"], beat=True)
    if not material.settings.final_twist:
        teller.add(3.1, shared["tiny end"])


def _list_of_keywords(teller: Teller, shared: banks.Lines, keywords: Sequence[Keyword]) -> None:
    listed = join([keyword.indefinite for keyword in keywords])
    teller.add(1.3, shared["tiny list"])
    teller.sentences[-1].text = fill(teller.sentences[-1].text, {"list": listed})


def _introduce(
    teller: Teller, shared: banks.Lines, register: banks.Lines, roles: Sequence[str]
) -> None:
    companions = teller.material.characters[1:]
    allowed = [r for r in roles if not (r[0] == "!" and teller.material.settings.child_friendly)]
    chosen = teller.rng.sample(allowed, len(companions))
    for index, role in enumerate(chosen):
        source = register if teller.rng.random() < 0.6 else shared
        position = 0.5 + index / 20 if teller.rng.random() < 0.8 or index == 0 else 1.3
        if teller.add(position, source["company"]):
            sentence = teller.sentences[-1]
            sentence.text = fill(sentence.text, {"role": role.removeprefix("!")})


def _introduce_shortly(teller: Teller, material: Material) -> None:
    others = [character.text for character in material.characters[1:]]
    text = teller.rng.choice(
        (f"With {{him}} went {join(others)}.", f"{{a}} was not alone: {join(others)} came too.")
    )
    teller.sentences.append(Sentence(0.5, text, text, material.characters[1]))


def _add_keyword(
    teller: Teller, position: float, patterns: Sequence[str], keyword: Keyword
) -> bool:
    if not teller.add(position, patterns):
        return False
    forms = {"k": keyword.text, "the_k": keyword.definite, "a_k": keyword.indefinite}
    forms["The_k"] = _capital(keyword.definite)
    teller.sentences[-1].text = fill(teller.sentences[-1].text, forms)
    return True


def _weave(
    teller: Teller,
    shared: banks.Lines,
    register: banks.Lines,
    genre: banks.Lines,
    keyword: Keyword,
    position: float,
) -> None:
    """Add the sentence that brings `keyword` in."""
    part = {0: "seed", 1: "bar", 2: "help", 3: "last"}[int(position)]
    bank = shared[f"{part} {keyword.kind}"]
    # The genre's and the register's own sentences speak of one thing, in the development.
    if keyword.kind == "thing" and part in {"bar", "help"} and teller.rng.random() < 0.5:
        bank = teller.rng.choice((genre, register))["keyword"]
    if not _add_keyword(teller, position, bank, keyword):
        _add_keyword(teller, position, shared[f"{part} {keyword.kind}"], keyword)


def _twist(teller: Teller, plot: banks.Lines, shared: banks.Lines, register: banks.Lines) -> None:
    teller.add(3.7, plot["twist"])
    source = register if teller.rng.random() < 0.5 else shared
    marker = teller.rng.choice(source["twist"])
    sentence = teller.sentences[-1]
    text = sentence.text
    if marker.endswith("?"):
        text = _capital(text) if not text.startswith("{a}") else text
    sentence.text = f"{marker} {text}"


def _extend(
    teller: Teller,
    plot: banks.Lines,
    genre: banks.Lines,
    register: banks.Lines,
    shared: banks.Lines,
    target: float,
    size: int,
) -> None:
    """Add optional sentences, in random order, until the story has the length aimed at."""
    rng, child = teller.rng, teller.material.settings.child_friendly
    twist = teller.material.settings.final_twist
    options: list[tuple[float, Sequence[str], float, bool]] = [
        (rng.uniform(1.2, 2.6), register["aside"], 5, False),
        (0.3, register["hero"], 4, False),
        (0.02, register["opener"], 3, False),
        (3.85, shared["react"] if twist else register["closer"], 4, False),
        (0.2, genre["setting"], 4, False),
        (rng.choice((1.2, 1.35, 2.2)), genre["mood"], 4, False),
        (2.0, plot["worse"], 6, True),
    ]
    if not twist:
        options.append((3.4, shared["after"], 2, False))
    if child:
        options += [(3.6, shared["kind last"], 4, False), (1.95, shared["kind"], 1, False)]
    if len(teller.material.characters) > 1:
        options += [
            (rng.choice((1.6, 1.9, 2.2)), genre["talk"], 6, False),
            (rng.choice((1.55, 2.3)), genre["company"], 4, False),
            (3.3, shared["company last"], 2, False),
        ]
    if size == 0 and target > 200:
        options += [
            (1.15, plot["trouble"], 4, True),
            (2.1, plot["worse"], 4, True),
            (1.56, plot["try"], 4, True),
            (rng.uniform(1.2, 2.6), register["aside"], 4, False),
            (rng.uniform(1.2, 2.6), register["aside"], 3, False),
            (rng.uniform(1.2, 2.6), register["aside"], 2, False),
            (rng.choice((1.35, 2.2, 2.4)), genre["mood"], 4, False),
            (0.25, genre["setting"], 2, False),
        ]
        if len(teller.material.characters) > 1:
            options += [
                (rng.uniform(1.2, 2.6), shared["bond"], 4, False),
                (rng.uniform(1.2, 2.6), shared["bond"], 2, False),
                (rng.uniform(1.2, 2.6), genre["talk"], 4, False),
                (rng.uniform(1.2, 2.6), genre["company"], 3, False),
            ]
    # A weighted random order: the larger the weight, the earlier.
    options.sort(key=lambda option: rng.random() ** (1 / option[2]), reverse=True)
    for position, patterns, _, beat in options:
        if teller.words() + 8 > target:
            return
        teller.add(position, patterns, beat=beat)


def _paragraphs(teller: Teller) -> str:
    parts: dict[int, list[str]] = {}
    since, last = 9, None
    full = dict.fromkeys(teller.material.characters, False)
    for sentence in sorted(teller.sentences, key=lambda sentence: sentence.position):
        text = sentence.text
        if "{a}" not in text and (since > 2 or last is not None) and _HERO.search(text):
            # Somebody else was spoken of, or it was long ago: the name, not the pronoun.
            text = _HERO.sub(
                lambda match: "{a}'s" if match[1] in {"his", "His"} else "{a}", text, count=1
            )
        since = 0 if "{a}" in text else since + 1
        last = sentence.who
        text = fill(text, teller.slots)
        text = teller.style.finish(teller.rng, text, lead=sentence.beat)
        for character in full:
            # The whole name where it first stands.
            if not full[character] and (found := _standing(character.short, text)):
                whole = character.text
                text = (
                    text
                    if whole in text
                    else f"{text[: found.start()]}{whole}{text[found.end() :]}"
                )
                full[character] = True
        parts.setdefault(int(sentence.position), []).append(text)
    paragraphs = [parts[number] for number in sorted(parts)]
    if len(paragraphs) == 4 and sum(len(s.split()) for s in paragraphs[1] + paragraphs[2]) < 70:
        paragraphs[1:3] = [paragraphs[1] + paragraphs[2]]
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs)


def _standing(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
