"""Training examples: whole stories, partial rewrites and continuations."""

import hashlib
import random
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from pocket.corpus.settings import Vocabulary, draw_material
from pocket.corpus.teller import sentence_starts, split_sentences
from pocket.corpus.telling import tell
from prose import prompts
from prose.settings import Settings

Kind = Literal["write", "rewrite", "continue"]
_KINDS: tuple[Kind, ...] = ("write", "rewrite", "continue")
_WEIGHTS = (54, 38, 8)
# Words; a rewrite's context holds the story twice.
_LONGEST_REWRITE = 280
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Words of keywords that stand everywhere.
_LITTLE_WORDS = set("of the in at on by a and from under with without".split())
_PRONOUN = re.compile(r"\b(he|him|his|she|her|it|they|them)\b", re.IGNORECASE)
# Characters of the final part that show that a rewrite has come to it, word for word.
_SEAM = 60
# Stories of a genre; about 15,000 of all.
_REMEMBERED = 1000


@dataclass(frozen=True)
class Example:
    """One exchange: the user's `prompt`, and the assistant's answer in two pieces.

    `prefill` is the beginning that the model is given (empty for a new story), `completion` what
    it has to write after it. Their sum is the whole story; in a rewrite to learn from, a sentence
    or two may be missing or have changed places. `final` is the end of it that a rewrite's prompt
    gives ("" for none).
    """

    kind: Kind
    settings: Settings
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
        given = " ".join((*self.settings.character_list, *self.settings.keyword_list)).lower()
        asked = sorted(set(_WORD.findall(given)) - _LITTLE_WORDS, key=len, reverse=True)
        if not asked:
            return []
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
    rng: random.Random, kind: Kind, settings: Settings, story: str, *, learning: bool
) -> Example:
    starts = [0, *sentence_starts(story), len(story)]
    if kind == "continue" and len(starts) > 3:
        # The prefill ends without white space, as a stored text does; the completion brings it.
        cut = len(story[: rng.choice(starts[1:-1])].rstrip())
        return Example(kind, settings, prompts.story_prompt(settings), story[:cut], story[cut:])
    if kind == "rewrite" and len(starts) > 4:
        first, last = _selection(rng, story, starts, learning=learning)
        cut = len(story[: starts[first]].rstrip())
        passage, final = story[cut : starts[last]], story[starts[last] :]
        if learning:
            passage, final = displaced(rng, settings, story[:cut], passage, final)
        prompt = prompts.rewrite_prompt(settings, story[:cut], final)
        return Example(kind, settings, prompt, story[:cut], passage + final, final)
    return Example("write", settings, prompts.story_prompt(settings), "", story)


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


def displaced(
    rng: random.Random, settings: Settings, initial: str, passage: str, final: str
) -> tuple[str, str]:
    """Return the passage and the final part, now and then not what the plot has in this order.

    If the final part always were what comes next, the model would learn to look at the plot and
    not at the prompt, and go on with the second sentence of it where its own passage told what the
    first one tells. So the final part begins a sentence or two later, or a passage of one sentence
    changes places with the sentence after it; all within a paragraph.
    """
    kind = rng.random()
    if settings.final_twist and "\n\n" not in final.rstrip():
        return passage, final  # where a twist belongs, it stays
    starts = [0, *sentence_starts(final), len(final)]
    # The final part keeps a sentence, and what is left out is less than a paragraph.
    later = starts[min(rng.choice((1, 2)), len(starts) - 2)]
    told, following = passage.strip(), final[: starts[1]].rstrip()
    if kind < 0.35:
        left_out, rest = final[:later], final[later:]
        given = (*settings.character_list, *settings.keyword_list)
        if (
            "\n\n" not in left_out
            and _complete(told)
            and _complete(left_out.rstrip())
            and not (passage.endswith("\n\n") and _opens_badly(rest, settings))
            and all(text in initial + passage + rest for text in given)
        ):
            return passage, rest
    elif kind < 0.6 and final and not passage.endswith("\n\n"):
        before = passage[: passage.index(told)]
        opens = before != " "
        if (
            not sentence_starts(told)
            and _complete(told)
            and _complete(following)
            and not (opens and _opens_badly(following, settings))
            and not _introduces(told, initial, settings)
        ):
            return f"{before}{following} ", told + final[len(following) :]
    return passage, final


def _complete(text: str) -> bool:
    """Tell whether `text` is no part of a speech, and no question that the next sentence answers.

    Who has asked a question stands in the sentence after it.
    """
    return text.count('"') % 2 == 0 and not text.endswith(("?", '?"', '!"'))


def _opens_badly(text: str, settings: Settings) -> bool:
    """Tell whether a paragraph can't begin with `text`: with a name, or a pronoun in its sentence.

    A name has other tokens where no space stands before it; `teller.paragraphs` avoids that too.
    """
    names = tuple(word for name in settings.character_list for word in name.split())
    return text.startswith(names) or _PRONOUN.search(split_sentences(text)[0]) is not None


def _introduces(sentence: str, initial: str, settings: Settings) -> bool:
    """Tell whether `sentence` is the first to give a long name, which is a short one later."""
    return any(
        " " in name and name in sentence and name not in initial for name in settings.character_list
    )


def corpus_hash() -> str:
    """Return the SHA-256 of a thousand examples: it changes when a bank or a rule does.

    But for a change so small that none of the thousand shows it.
    """
    digest = hashlib.sha256()
    for example in islice(examples(0), 1000):
        for text in (example.prompt, example.prefill, example.completion):
            digest.update(text.encode())
    return digest.hexdigest()
