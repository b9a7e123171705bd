"""From settings to a story: required sentences first, then as many others as the length allows."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pocket.corpus import banks
from pocket.corpus.settings import StorySettings

# What a story aims at when the limit leaves room; the model's context holds no more.
LONGEST = 230
_SLOT = re.compile(r"\{(\w+)\}")
# First words that lose their capital behind a prefix; names and quotations keep theirs.
_COMMON_STARTS = {
    "A", "After", "Across", "Beside", "Between", "By", "Each", "Every", "For", "From", "He", "Her",
    "His", "If", "In", "It", "Nobody", "On", "Only", "Over", "She", "Slowly", "Someone",
    "Something", "The", "There", "They", "Under", "Years",
}  # fmt: skip
_HE = {"he": "he", "him": "him", "his": "his", "He": "He", "His": "His"}
_SHE = {"he": "she", "him": "her", "his": "her", "He": "She", "His": "Her"}


@dataclass
class Teller:
    """Fills patterns for one story, and never uses a pattern twice."""

    rng: random.Random
    settings: StorySettings
    slots: dict[str, str]
    used: set[str] = field(default_factory=set)

    def pick(self, patterns: Sequence[str], **extra: str) -> str | None:
        """Return one unused pattern that the characters suffice for, filled; None when none is."""
        slots = {**self.slots, **extra}
        fitting = [
            pattern
            for pattern in patterns
            if pattern not in self.used
            and not (self.settings.child_friendly and pattern.startswith("!"))
            and all(name in slots for name in _SLOT.findall(pattern))
        ]
        if not fitting:
            return None
        pattern = self.rng.choice(fitting)
        self.used.add(pattern)
        return pattern.removeprefix("!").format(**slots)


def _slots(rng: random.Random, settings: StorySettings, places: Sequence[str]) -> dict[str, str]:
    slots = dict(rng.choice((_HE, _SHE)), p=rng.choice(places))
    slots["b_his"] = rng.choice(("his", "her"))
    slots.update(zip("abcd", settings.characters, strict=False))
    others = settings.characters[1:]
    if others:
        slots["others"] = join(others)
        slots["were"] = "was" if len(others) == 1 else "were"
    return slots


def join(parts: Sequence[str]) -> str:
    """Return "x", "x and y" or "x, y and z"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def tell(rng: random.Random, settings: StorySettings) -> str:
    """Return a story in paragraphs separated by an empty line.

    It names every character and keyword and has a twist if the settings ask for one. It may be
    longer than the limit when the limit is too small for that; the caller looks.
    """
    loaded = banks.load()
    genre, register = loaded.genres[settings.genre], loaded.registers[settings.register]
    teller = Teller(rng, settings, _slots(rng, settings, genre["places"]))
    target = min(LONGEST, settings.max_words) * rng.uniform(0.7, 0.97)
    plan = _required(teller, genre, register, loaded.shared, brief=target < 60)
    _extend(plan, teller, genre, register, loaded.shared, target)
    return "\n\n".join(" ".join(paragraph) for paragraph in plan.paragraphs() if paragraph)


@dataclass
class _Plan:
    opening: list[str] = field(default_factory=list)
    introduction: list[str] = field(default_factory=list)
    middle: list[str] = field(default_factory=list)
    turn: list[str] = field(default_factory=list)
    ending: list[str] = field(default_factory=list)

    def words(self) -> int:
        return sum(len(s.split()) for part in self.paragraphs() for s in part)

    def paragraphs(self) -> list[list[str]]:
        """Return the sentences by paragraph; a long middle becomes two."""
        first = self.opening + self.introduction
        if len(self.middle) < 8:
            return [first, self.middle + self.turn, self.ending]
        half = len(self.middle) // 2
        return [first, self.middle[:half], self.middle[half:] + self.turn, self.ending]


def _required(
    teller: Teller,
    genre: banks.Lines,
    register: banks.Lines,
    shared: banks.Lines,
    *,
    brief: bool,
) -> _Plan:
    plan, rng, settings = _Plan(), teller.rng, teller.settings
    others = len(settings.characters) > 1
    if brief and others:
        _add(plan.opening, teller.pick(shared["company_short"]))
    else:
        _add(plan.opening, teller.pick(genre["openings"]))
        if others:
            source = register if rng.random() < 0.6 else shared
            _add(plan.introduction, teller.pick(source["company"]))
    if brief and len(settings.keywords) > 1:
        names = join([f"the {keyword}" for keyword in settings.keywords])
        _add(plan.middle, teller.pick(shared["keyword_list"], list=names))
    else:
        for keyword in settings.keywords:
            _add(plan.middle, _keyword_sentence(teller, genre, register, shared, keyword))
    if settings.final_twist:
        twist = teller.pick(genre["twists"]) or ""
        plan.ending.append(f"{rng.choice(shared['twist_markers'])}{twist}")
    else:
        _add(plan.ending, teller.pick(shared["tiny_end"] if brief else genre["endings"]))
    return plan


def _keyword_sentence(
    teller: Teller, genre: banks.Lines, register: banks.Lines, shared: banks.Lines, keyword: str
) -> str | None:
    kind = teller.rng.random()
    alone = len(teller.settings.characters) == 1
    speech = shared["keyword_alone"] if alone else shared["keyword"]
    source = genre["incidents"] if kind < 0.55 else register["keyword"] if kind < 0.8 else speech
    return teller.pick(source, k=keyword) or teller.pick(genre["incidents"], k=keyword)


def _extend(
    plan: _Plan,
    teller: Teller,
    genre: banks.Lines,
    register: banks.Lines,
    shared: banks.Lines,
    target: float,
) -> None:
    """Add sentences in the order of what a story misses most, while they fit into `target`."""
    rng = teller.rng
    steps: list[tuple[list[str], Sequence[str], bool]] = [
        (plan.middle, genre["obstacles"], True),
        (plan.introduction, register["hero"], False),
        (plan.turn, genre["turns"], True),
        (plan.middle, register["notes"], False),
        (plan.introduction, genre["wants"], True),
        (plan.ending, register["last"], False),
        (plan.middle, register["notes"], False),
        (plan.middle, shared["speech"], False),
        (plan.turn, register["notes"], False),
    ]
    steps += [
        (plan.middle, genre["obstacles"], True),
        (plan.middle, register["notes"], False),
        (plan.middle, shared["speech"], False),
        (plan.turn, genre["turns"], True),
        (plan.middle, register["notes"], False),
    ] * 3
    for part, patterns, decorated in steps:
        sentence = teller.pick(patterns)
        if sentence is None:
            continue
        if decorated:
            sentence = _in_register(rng, sentence, register)
        if plan.words() + len(sentence.split()) > target:
            break
        # Obstacles and notes mix with the keywords; elsewhere the order is the plan's.
        position = rng.randint(1, len(part)) if part is plan.middle and part else len(part)
        part.insert(position, sentence)


def _in_register(rng: random.Random, sentence: str, register: banks.Lines) -> str:
    """Give a genre's sentence the register's voice: words in front of it or at its end."""
    prefixes, tails = register.get("prefixes", []), register.get("tails", [])
    first = sentence.split(maxsplit=1)[0]
    if prefixes and first in _COMMON_STARTS and rng.random() < 0.5:
        prefix = rng.choice(prefixes)
        lowered = sentence if prefix.endswith("! ") else sentence[0].lower() + sentence[1:]
        return prefix + lowered
    if tails and sentence.endswith(".") and "," not in sentence and rng.random() < 0.5:
        return sentence[:-1] + rng.choice(tails) + "."
    return sentence


def _add(part: list[str], sentence: str | None) -> None:
    if sentence is None:
        raise ValueError("a bank has no sentence left that the characters suffice for")
    part.append(sentence)
