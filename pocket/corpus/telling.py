"""From settings to a story: a plot's beats in order, and around them what the length allows."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from pocket.corpus import banks
from pocket.corpus.settings import Material
from pocket.corpus.style import style_of
from pocket.corpus.teller import (
    Sentence,
    Teller,
    capital,
    fill,
    hero_slots,
    join,
    paragraphs,
    split_sentences,
)
from pocket.corpus.words import Keyword

# Words that a story aims at when the limit leaves room.
LONGEST = 400
# Where the keywords come in that the plot is not about, by their number. Always at the same edges
# of paragraphs: so it can be learned whose turn it is there, and none is forgotten.
_SPREAD = ((), (1.0,), (1.0, 3.5), (1.0, 2.95, 3.5), (0.75, 1.0, 2.95, 3.5),
           (0.75, 1.0, 1.99, 2.95, 3.5))  # fmt: skip
# The first keyword comes in with the introduction, or there.
_FIRST_AT_LATEST = 1.0
# How much of the length aimed at a paragraph may have before something is added to it: how much
# room there is can mostly be seen from the paragraph alone.
_SHARES = {0: 0.34, 1: 0.3, 2: 0.25, 3: 0.3}
# Limit from which a story can have all of its parts. For few names and keywords it is no sum of
# theirs, which a small model gets wrong, and then tells at the full length.
_ROOM_FOR_PARTS = 170
# Limits from which a short story has an obstacle, and a long one more of everything.
_ROOM_FOR_TROUBLE, _ROOM_FOR_MORE = 90, 280


class Source(NamedTuple):
    """The banks that one story is told from."""

    plot: banks.Lines
    genre: banks.Lines
    register: banks.Lines
    shared: banks.Lines


class Option(NamedTuple):
    """A sentence that a story may have: where, one of which, how gladly; part of the plot?"""

    position: float
    patterns: Sequence[str]
    weight: float
    beat: bool = False


def tell(rng: random.Random, material: Material) -> str | None:
    """Return a story in paragraphs separated by an empty line.

    It names every character and keyword, keeps to the limit and has a twist if the settings ask
    for one. None when that can't be had: a very small limit leaves no room for five keywords.
    """
    limit = material.settings.max_words
    target = min(LONGEST * rng.uniform(0.8, 0.95), limit * rng.uniform(0.62, 0.8))
    # Who is named by nobody may be told of or not.
    asked = len(material.settings.character_list) + len(material.keywords)
    # By the prompt alone, and so that nearly every story of that size keeps to the limit.
    roomy = limit >= max(_ROOM_FOR_PARTS, 120 + 10 * asked)
    size = 0 if roomy else 1 if limit >= 60 + 3 * asked else 2
    for _ in range(12):
        story = _tell(rng, material, size, target)
        if len(story.split()) <= min(LONGEST, 0.9 * limit) and _is_complete(story, material):
            return story
    return None


def _is_complete(story: str, material: Material) -> bool:
    """Tell whether all that was asked is there, and a short story is no row of stock sentences.

    A short plot may do without the hero's name; and the fewer sentences there are, the more of
    them have to be this story's own.
    """
    asked = (*material.settings.character_list, *material.settings.keyword_list)
    if not all(text in story for text in asked):
        return False
    sentences = split_sentences(story)
    marks = [character.short for character in material.characters]
    marks += [keyword.text for keyword in material.keywords]
    if not material.keywords:
        marks += banks.load().genres[material.settings.genre].lines["objects"]
    own = sum(any(mark in sentence for mark in marks) for sentence in sentences)
    return own / len(sentences) > (
        0.65 if len(sentences) < 8 else 0.5 if len(sentences) < 16 else 0.35
    )


def _tell(rng: random.Random, material: Material, size: int, target: float) -> str:
    loaded, settings = banks.load(), material.settings
    genre, register = loaded.genres[settings.genre], loaded.registers[settings.register]
    source = Source(
        genre.plots[rng.choice(list(genre.plots))], genre.lines, register, loaded.shared
    )
    teller = Teller(
        rng, material, style_of(settings.register), hero_slots(rng, material, genre.lines)
    )
    # In the order of the prompt, all through the story: which one is next can be learned.
    keywords = material.keywords
    if not keywords or keywords[0].kind == "mass":
        teller.name_object(rng.choice(genre.lines["objects"]))
    else:
        teller.name_object(keywords[0].definite, plural=keywords[0].kind == "plural")
    if size < 2:
        _beats(teller, source.plot, size)
    else:
        _tiny(teller, source)
    if size == 0:
        _introduce(teller, source)
    elif len(material.characters) > 1:
        _introduce_shortly(teller)
    if size == 1 and len(keywords) > 1:
        _list_of_keywords(teller, source, keywords)
    elif size < 2:
        _weave_all(teller, source)
    if settings.final_twist:
        _twist(teller, source)
    if size < 2:
        _extend(teller, source, target, size)
    return paragraphs(teller, one_development=size > 0)


def _beats(teller: Teller, plot: banks.Lines, size: int) -> None:
    beats = {"open": 0.1, "want": 0.7, "trouble": 1.1, "try": 1.5, "turn": 2.7, "end": 3.1}
    if size == 1:
        beats = {"open": 0.1, "trouble": 1.1, "turn": 2.7, "end": 3.1}
        if teller.material.settings.final_twist:
            del beats["end"]
        if teller.material.settings.max_words < _ROOM_FOR_TROUBLE:
            del beats["trouble"]
    for beat, position in beats.items():
        teller.add(position, plot[beat], beat=True, about=beat == "want")


def _tiny(teller: Teller, source: Source) -> None:
    keywords = list(teller.material.keywords)
    if len(keywords) == 1:
        _add_keyword(teller, 0.1, source.shared["tiny open"], keywords[0])
    else:
        teller.add(0.1, source.plot["open"], beat=True)
    if len(keywords) > 1:
        _list_of_keywords(teller, source, keywords)
    else:
        teller.add(2.7, source.plot["turn"], beat=True)
    if not teller.material.settings.final_twist:
        teller.add(3.1, source.shared["tiny end"])


def _list_of_keywords(teller: Teller, source: Source, keywords: Sequence[Keyword]) -> None:
    listed = join([keyword.indefinite for keyword in keywords])
    teller.add(1.3, source.shared["tiny list"])
    teller.sentences[-1].text = fill(teller.sentences[-1].text, {"list": listed})


def _introduce(teller: Teller, source: Source) -> None:
    companions = teller.material.characters[1:]
    child = teller.material.settings.child_friendly
    allowed = [role for role in source.genre["roles"] if not (role[0] == "!" and child)]
    chosen = teller.rng.sample(allowed, len(companions))
    late = False
    for index, role in enumerate(chosen):
        first, second = source.register["company"], source.shared["company"]
        if teller.rng.random() < 0.35:
            first, second = second, first
        # In the prompt's order too; some come late, and after them nobody comes early.
        late = late or (index > 0 and teller.rng.random() < 0.2)
        position = (1.05 if late else 0.5) + index / 100
        if not any(
            teller.add(position, bank, in_order=in_order)
            for in_order in (True, False)
            for bank in (first, second)
        ):
            raise ValueError(f"No pattern is left that introduces {companions[index].text}")
        sentence = teller.sentences[-1]
        sentence.text = fill(sentence.text, {"role": role.removeprefix("!")})


def _introduce_shortly(teller: Teller) -> None:
    companions = teller.material.characters[1:]
    others = join([character.text for character in companions])
    text = teller.rng.choice(
        (f"With {{him}} went {others}.", f"{{a}} was not alone: {others} came too.")
    )
    teller.sentences.append(Sentence(0.5, text, text, who=companions[0]))


def _add_keyword(
    teller: Teller, position: float, patterns: Sequence[str], keyword: Keyword
) -> bool:
    if not teller.add(position, patterns, in_order=False):
        return False
    forms = {"k": keyword.text, "the_k": keyword.definite, "a_k": keyword.indefinite}
    forms["The_k"] = capital(keyword.definite)
    teller.sentences[-1].text = fill(teller.sentences[-1].text, forms)
    return True


def _weave_all(teller: Teller, source: Source) -> None:
    """Bring in every keyword, the first as what the plot is about, if the plot names it first."""
    if not teller.material.keywords:
        return
    first, *rest = teller.material.keywords
    named = [s.position for s in teller.sentences if "{o}" in s.text.lower()]
    if first.kind == "mass" or min(named, default=4.0) > _FIRST_AT_LATEST:
        rest = [first, *rest]
        teller.name_object(teller.rng.choice(source.genre["objects"]))
    elif not rest:
        # An unknown word does not say whether it is a thing: there for certain, whatever it is.
        _weave(teller, source, first, _FIRST_AT_LATEST, known=True)
    for position, keyword in zip(_SPREAD[len(rest)], rest, strict=True):
        _weave(teller, source, keyword, position)


def _weave(
    teller: Teller, source: Source, keyword: Keyword, position: float, *, known: bool = False
) -> None:
    """Add the sentence that brings `keyword` in, or speaks of it again if it is `known`."""
    part = {0: "seed", 1: "bar", 2: "help", 3: "last"}[int(position)]
    bank = source.shared[f"{part} {keyword.kind}"]
    # The genre's and the register's own sentences speak of one thing, in the development.
    if keyword.kind == "thing" and part in {"bar", "help"} and teller.rng.random() < 0.5:
        bank = teller.rng.choice((source.genre, source.register))["keyword"]
    for patterns in (bank, source.shared[f"{part} {keyword.kind}"]):
        fitting = [pattern for pattern in patterns if not (known and "{a_k}" in pattern)]
        if _add_keyword(teller, position, fitting, keyword):
            return


def _twist(teller: Teller, source: Source) -> None:
    teller.add(3.7, source.plot["twist"])
    bank = source.register if teller.rng.random() < 0.5 else source.shared
    marker = teller.rng.choice(bank["twist"])
    sentence = teller.sentences[-1]
    text = sentence.text
    if marker.endswith("?") and not text.startswith("{a}"):
        text = capital(text)
    sentence.text = f"{marker} {text}"


def _extend(teller: Teller, source: Source, target: float, size: int) -> None:
    """Add optional sentences, in random order, until the story has the length aimed at."""
    rng = teller.rng
    options = _options(teller, source, size)
    if size == 0 and teller.material.settings.max_words >= _ROOM_FOR_MORE:
        options += _more_options(teller, source)
    # A weighted random order: the larger the weight, the earlier.
    options.sort(key=lambda option: rng.random() ** (1 / option.weight), reverse=True)
    for option in options:
        part = int(option.position)
        if teller.words() + 8 > target:
            return
        if size > 0 or teller.words(part) + 8 <= _SHARES[part] * target:
            teller.add(option.position, option.patterns, beat=option.beat)


def _options(teller: Teller, source: Source, size: int) -> list[Option]:
    settings = teller.material.settings
    plot, genre, register, shared = source
    last = shared["react"] if settings.final_twist else register["closer"]
    options = [
        *_early_and_late(genre["mood"], 0.2, 3),
        *_early_and_late(register["aside"], 0.4, 5),
        Option(0.3, register["hero"], 4),
        Option(0.02, register["opener"], 4),
        Option(3.85, last, 4),
        Option(0.2, genre["setting"], 4),
        Option(2.0, plot["worse"], 6, beat=True),
    ]
    if not settings.final_twist:
        options.append(Option(3.4, shared["after"], 2))
    if settings.child_friendly:
        options += [Option(3.6, shared["kind last"], 4), Option(1.95, shared["kind"], 1)]
    if len(teller.material.characters) > 1:
        options += [
            *_early_and_late(genre["company"], 0.3, 3),
            # Two exchanges in the one development of a short story are one too many.
            *_early_and_late(genre["talk"], 0.6, 5)[size:],
            Option(3.3, shared["company last"], 2),
        ]
    return options


def _early_and_late(bank: Sequence[str], place: float, weight: float) -> list[Option]:
    """Return an option for each of the middle paragraphs, with sentences of its own, at `place`.

    Whoever has written a sentence of `bank` in a paragraph needs no other, what was said in the
    paragraph before can't come again, and what has a later place says that this was passed.
    """
    half = len(bank) // 2
    return [
        Option(1 + place, bank[:half], weight),
        Option(2 + place, bank[half:], weight),
    ]


def _more_options(teller: Teller, source: Source) -> list[Option]:
    """Return what only a long story has room for."""
    plot, genre, _, shared = source
    options = [
        Option(1.1, plot["trouble"], 4, beat=True),
        Option(2.0, plot["worse"], 4, beat=True),
        Option(1.5, plot["try"], 4, beat=True),
        Option(0.25, genre["setting"], 2),
    ]
    if len(teller.material.characters) > 1:
        options += _early_and_late(shared["bond"], 0.65, 4)
    return options
