"""Training examples: whole stories, partial rewrites and continuations."""

import hashlib
import random
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from pocket.corpus.settings import StorySettings, Vocabulary, draw_material
from pocket.corpus.teller import sentence_starts, split_sentences
from pocket.corpus.telling import tell

Kind = Literal["write", "rewrite", "continue"]
_KINDS: tuple[Kind, ...] = ("write", "rewrite", "continue")
_WEIGHTS = (58, 34, 8)
# Words; a rewrite's context holds the story twice.
_LONGEST_REWRITE = 280
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Words of keywords that stand everywhere.
_LITTLE_WORDS = set("of the in at on by a and from under with without".split())
# Characters of the final part that show that a rewrite has come to it, word for word.
_SEAM = 60
# Stories of a genre; about 15,000 of all.
_REMEMBERED = 1000


@dataclass(frozen=True)
class Example:
    """One exchange: the user's `prompt`, and the assistant's answer in two pieces.

    `prefill` is the beginning that the model is given (empty for a new story), `completion` what
    it has to write after it. Their sum is the whole story, but for a sentence or two of a rewrite
    to learn from. `final` is the end of it that a rewrite's prompt gives ("" for none).
    """

    kind: Kind
    settings: StorySettings
    prompt: str
    prefill: str
    completion: str
    final: str = ""

    @property
    def story(self) -> str:
        """The story as it is after the exchange."""
        return self.prefill + self.completion

    def given(self) -> list[tuple[int, int]]:
        """Return where in `completion` (characters) words of the names and keywords stand.

        In what is new of the story: the final part is left out.
        """
        given = " ".join((*self.settings.characters, *self.settings.keywords)).lower()
        asked = sorted(set(_WORD.findall(given)) - _LITTLE_WORDS, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, asked))})(?!\w)", re.IGNORECASE)
        return [
            match.span() for match in pattern.finditer(self.completion.removesuffix(self.final))
        ]

    def seam(self) -> list[tuple[int, int]]:
        """Return where the final part begins, with the white space before it; nothing for none."""
        if not self.final:
            return []
        new = self.completion.removesuffix(self.final)
        return [(len(new.rstrip()), min(len(new) + _SEAM, len(self.completion)))]

    def joints(self) -> list[tuple[int, int]]:
        """Return where in `completion` sentences begin: the white space and the first letter."""
        starts = [0, *sentence_starts(self.completion)]
        return [(len(self.completion[:start].rstrip()), start + 1) for start in starts]


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
    told = _Told()
    while True:
        material = draw_material(rng, vocabulary, genre=genre, register=register)
        settings = material.settings
        story = tell(rng, material)
        if story is None or not told.is_new(settings.genre, story):
            continue
        length = len(story.split())
        chosen = kind or rng.choices(_KINDS, _WEIGHTS)[0]
        if chosen == "rewrite" and length > _LONGEST_REWRITE:
            if kind:
                continue
            chosen = "write"
        yield _example(rng, chosen, settings, story, learning=vocabulary == "train")


class _Told:
    """The sentences of the last stories of each genre."""

    def __init__(self) -> None:
        self._genres: dict[str, deque[set[str]]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))

    def is_new(self, genre: str, story: str) -> bool:
        """Tell whether `story` shares at most half of its sentences with any; remember it if so."""
        sentences, others = set(split_sentences(story)), self._genres[genre]
        if any(2 * len(sentences & o) > min(len(sentences), len(o)) for o in others):
            return False
        others.append(sentences)
        return True


def _example(
    rng: random.Random, kind: Kind, settings: StorySettings, story: str, *, learning: bool
) -> Example:
    starts = [0, *sentence_starts(story), len(story)]
    if kind == "continue" and len(starts) > 3:
        # The prefill ends without white space, as a stored text does; the completion brings it.
        cut = len(story[: rng.choice(starts[1:-1])].rstrip())
        return Example(kind, settings, settings.prompt, story[:cut], story[cut:])
    if kind == "rewrite" and len(starts) > 4:
        first, last = _selection(rng, story, starts, learning=learning)
        final = starts[_left_out(rng, story, starts, last) if learning else last]
        cut = len(story[: starts[first]].rstrip())
        prompt = settings.rewrite_prompt(story[:cut], story[final:])
        completion = story[cut : starts[last]] + story[final:]
        return Example(kind, settings, prompt, story[:cut], completion, story[final:])
    return Example("write", settings, settings.prompt, "", story)


def _selection(
    rng: random.Random, story: str, starts: list[int], *, learning: bool
) -> tuple[int, int]:
    """Return where a rewritten part begins and ends, as indices into `starts`.

    Nothing tells the model how long the part is to be. So what it learns from is one sentence, or
    goes on to the end of a paragraph.
    """
    count = len(starts) - 1
    opens = [i for i, s in enumerate(starts) if s == 0 or story[:s].endswith("\n\n")]
    shape = rng.random()
    if shape < 0.55:
        length = 1
    elif shape < 0.8:
        length = rng.randrange(2, min(4, count))
    else:  # a paragraph
        number = rng.randrange(len(opens))
        return opens[number], [*opens, count][number + 1]
    place = rng.random()
    if place < 0.12:
        first = 0
    elif place < 0.28:
        first = count - length
    else:
        first = rng.randrange(0, count - length + 1)
    if learning and length > 1:
        return first, next(i for i in (*opens, count) if i > first)
    return first, first + length


def _left_out(rng: random.Random, story: str, starts: list[int], last: int) -> int:
    """Return where the final part begins, an index into `starts`: `last`, or a little later.

    If it always were what the plot has next, the model would learn to look at the plot and not at
    the prompt. What is left out is less than a paragraph.
    """
    if rng.random() > 0.35:
        return last
    later = max(last, min(last + rng.choice((1, 2)), len(starts) - 2))
    return last if "\n\n" in story[starts[last] : starts[later]] else later


def corpus_hash() -> str:
    """Return the SHA-256 of a thousand examples: it changes when any bank or rule does."""
    digest = hashlib.sha256()
    for example in islice(examples(0), 1000):
        for text in (example.prompt, example.prefill, example.completion):
            digest.update(text.encode())
    return digest.hexdigest()
