"""Settings for training stories, drawn as a writer might choose them."""

import random
from dataclasses import dataclass, replace

from pocket.corpus import banks, words
from prose import prompts
from prose.languages.offered import NAMES
from prose.settings import Settings

Vocabulary = words.Split

# Whether characters and whether keywords are named, and how often of a hundred: who names neither
# may be the one who writes a first story.
_NAMED = ((True, True), (True, False), (False, True), (False, False))
_WEIGHTS = (70, 6, 12, 12)


@dataclass(frozen=True)
class Material:
    """What a story is told from: the settings, and what they do not say of names and keywords."""

    settings: Settings
    characters: tuple[words.Character, ...]
    keywords: tuple[words.Keyword, ...]


def draw_material(
    rng: random.Random,
    vocabulary: Vocabulary,
    *,
    genre: str | None = None,
    register: str | None = None,
) -> Material:
    """Return settings as a writer might choose them.

    Held-out ones name characters and keywords, since that is what they measure.
    """
    loaded, learning = banks.load(), vocabulary == "train"
    names, keys = rng.choices(_NAMED, _WEIGHTS)[0] if learning else (True, True)
    if names:
        count = rng.choices((1, 2, 3, 4), (36, 36, 18, 10))[0]
        characters = tuple(words.draw_characters(rng, count, vocabulary))
    else:
        parts: tuple[words.Part, ...] = ("heroes", "companions")
        characters = tuple(rng.choice(words.familiar(part)) for part in parts[: rng.choice((1, 2))])
    count = rng.choices((1, 2, 3, 4, 5), (18, 27, 28, 15, 12))[0] if keys else 0
    keywords = tuple(words.draw_keywords(rng, count, vocabulary))
    settings = Settings(
        main_characters=", ".join(character.text for character in characters) if names else "",
        keywords=", ".join(keyword.text for keyword in keywords),
        genre=genre or rng.choice(list(loaded.genres)),
        register=register or rng.choice(list(loaded.registers)),
        child_friendly=rng.random() < 0.4,
        max_words=_draw_limit(rng) if vocabulary == "held-out" else _draw_any_limit(rng),
        final_twist=rng.random() < 0.5,
    )
    if learning:
        settings = _with_readers(rng, settings)
    return Material(settings, characters, keywords)


def _with_readers(rng: random.Random, settings: Settings) -> Settings:
    """Return `settings`, now and then with the readers' age and language.

    Nothing is told otherwise for them: the model knows one English. But it has seen the sentences.
    """
    if settings.child_friendly and rng.random() < 0.25:
        settings = replace(settings, reader_age=rng.randint(prompts.MIN_AGE, prompts.MAX_AGE))
    if rng.random() < 0.03:
        settings = replace(settings, language=rng.choice(list(NAMES)))
    return settings


def _draw_any_limit(rng: random.Random) -> int:
    """Return a word limit to learn from: every second one is any number.

    Those up to 999 have a token each, which means hardly anything until it is drawn.
    """
    kind = rng.random()
    if kind < 0.08:
        return rng.randrange(30, 60)
    if kind < 0.4:
        return rng.randrange(60, 500)
    if kind < 0.48:
        return rng.randrange(500, 1000)
    return rng.randrange(1000, 5001) if kind < 0.51 else _draw_limit(rng)


def _draw_limit(rng: random.Random) -> int:
    """Return a word limit: people type round numbers, mostly between 100 and 500."""
    kind = rng.random()
    if kind < 0.06:
        return rng.randrange(20, 60, 5)
    if kind < 0.46:
        return rng.randrange(60, 200, 5)
    if kind < 0.9:
        return rng.randrange(150, 501, 10)
    return rng.randrange(500, 5001, 100)
