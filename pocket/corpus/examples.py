"""Training examples: whole stories, partial rewrites and continuations."""

import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pocket.corpus import banks
from pocket.corpus.settings import StorySettings, Vocabulary, draw_settings
from pocket.corpus.telling import tell

Kind = Literal["write", "rewrite", "continue"]
_KINDS: tuple[Kind, ...] = ("write", "rewrite", "continue")
_WEIGHTS = (84, 8, 8)
# Words; a rewrite's context holds the story twice.
_LONGEST_REWRITE = 150
_SENTENCE_END = re.compile(r"(?<=[.!?\"])(?<!Mr\.)(?<!Dr\.)(?<!Mrs\.)\s+")


@dataclass(frozen=True)
class Example:
    """One exchange: the user's `prompt`, and the assistant's answer in two pieces.

    `prefill` is the beginning that the model is given (empty for a new story), `completion` what
    it has to write after it. Their sum is the whole story.
    """

    kind: Kind
    settings: StorySettings
    prompt: str
    prefill: str
    completion: str

    @property
    def story(self) -> str:
        """The whole story."""
        return self.prefill + self.completion


def examples(
    seed: int,
    *,
    vocabulary: Vocabulary = "train",
    genre: str | None = None,
    register: str | None = None,
    kind: Kind | None = None,
) -> Iterator[Example]:
    """Yield examples for ever, the same ones for the same arguments."""
    rng = random.Random(f"{seed} {vocabulary}")
    while True:
        settings = draw_settings(rng, vocabulary, genre=genre, register=register)
        story = tell(rng, settings)
        length = len(story.split())
        if length > settings.max_words:
            settings = replace(settings, max_words=length + rng.randrange(0, 12))
        chosen = kind or rng.choices(_KINDS, _WEIGHTS)[0]
        if chosen == "rewrite" and length > _LONGEST_REWRITE:
            if kind:
                continue
            chosen = "write"
        yield _example(rng, chosen, settings, story)


def _example(rng: random.Random, kind: Kind, settings: StorySettings, story: str) -> Example:
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(story)), len(story)]
    if kind == "continue" and len(starts) > 3:
        # The prefill ends without white space, as a stored text does; the completion brings it.
        cut = len(story[: rng.choice(starts[1:-1])].rstrip())
        return Example(kind, settings, settings.prompt, story[:cut], story[cut:])
    if kind == "rewrite" and len(starts) > 4:
        first = rng.randrange(1, len(starts) - 2)
        last = rng.randrange(first + 1, min(first + 4, len(starts) - 1))
        cut = len(story[: starts[first]].rstrip())
        initial, final = story[:cut], story[starts[last] :]
        prompt = settings.rewrite_prompt(initial, final)
        return Example(kind, settings, prompt, initial, story[cut:])
    return Example("write", settings, settings.prompt, "", story)


def corpus_hash() -> str:
    """Return the SHA-256 of everything that the examples are made of: banks and code."""
    digest = hashlib.sha256()
    for path in sorted(banks.FOLDER.rglob("*")):
        if path.suffix in {".py", ".toml"}:
            digest.update(path.relative_to(banks.FOLDER).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
