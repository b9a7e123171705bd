"""What a file is made of, paragraphs and headings, and which of them make a story."""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from prose import said
from prose.emphasis.signs import plain
from prose.emphasis.writing import unmarked, with_signs
from prose.sentences import ends_sentence
from stories.errors import Refused
from stories.publishing.works import cleaned

# Of a file: three stories at their longest; more than a long novel's paragraphs; and an author's
# collected short stories.
MAX_CHARACTERS = 1_200_000
MAX_PARAGRAPHS = 20_000
MAX_STORIES = 100
# Characters of a line that can be a title.
LONGEST_TITLE = 120
# How a break between scenes is kept, which files have as a rule.
SCENE_BREAK = "* * *"
# Lines of a title page beside its contents: title, subtitle, author, year.
_TITLE_PAGE = 4


class Block(NamedTuple):
    """A paragraph, its lines apart by line feeds; of a heading, `level` is 1 or more."""

    text: str
    level: int = 0


class Draft(NamedTuple):
    """A story that was read."""

    title: str
    text: str


@dataclass
class Blocks:
    """The blocks of a file as they are read, counted; `title` is what the file says it is."""

    title: str = ""
    found: list[Block] = field(default_factory=list)
    characters: int = 0

    def add(self, text: str, level: int = 0) -> None:
        """Take in a block; one without words is left out. Raises `Refused` past the bounds.

        What is bold or italic in it is marked (`prose.emphasis.writing`), and comes with signs; in
        a heading without.
        """
        text = unmarked(text) if level else with_signs(text)
        lines = (line.strip() for line in cleaned(text).split("\n"))
        text = "\n".join(line for line in lines if line)
        if not text:
            return
        self.characters += len(text)
        if self.characters > MAX_CHARACTERS:
            raise too_large(
                said(
                    "it has more than %(most)s characters. Bring it in smaller parts.",
                    most=f"{MAX_CHARACTERS:,}",
                )
            )
        if len(self.found) >= MAX_PARAGRAPHS:
            raise too_large(
                said(
                    "it has more than %(most)s paragraphs. Bring it in smaller parts.",
                    most=f"{MAX_PARAGRAPHS:,}",
                )
            )
        self.found.append(Block(" ".join(text.split("\n")) if level else text, level))


def too_large(why: str) -> Refused:
    """Return the refusal of a file that has too much of something."""
    return Refused("too_large", why, 422)


def unreadable(why: str) -> Refused:
    """Return the refusal of a file that can't be read."""
    return Refused("unreadable", why, 422)


def drafts(blocks: Blocks, name: str, *, split: bool) -> list[Draft]:
    """Return the stories in `blocks`, named by `name` where nothing in them is a title.

    With `split`, each part under one of the main headings is a story: those of the highest level of
    which there are several. Raises `Refused` when there is none, or there are too many.
    """
    found = blocks.found
    level = _main_level(found) if split else 0
    stories = _parts(found, level, blocks.title or name) if level else _whole(blocks, name)
    if not stories:
        raise unreadable(said("there is no text in it."))
    if len(stories) > MAX_STORIES:
        raise too_large(
            said(
                "it has %(parts)s parts; at most %(most)s become stories at a time. Bring it in "
                "smaller parts.",
                parts=f"{len(stories):,}",
                most=MAX_STORIES,
            )
        )
    return stories


def _main_level(blocks: list[Block]) -> int:
    """Return the highest level with several headings; 0 where there is none."""
    counted = Counter(block.level for block in blocks if block.level)
    return min((level for level, count in counted.items() if count > 1), default=0)


def _whole(blocks: Blocks, name: str) -> list[Draft]:
    """Return all blocks as one story; a heading, or a line like one, that leads is its title."""
    found = blocks.found
    title, rest = blocks.title, found
    # A book's first heading is a chapter's where there are several, and the book has a title.
    has_chapters = bool(blocks.title and _main_level(found))
    if len(found) > 1 and not has_chapters and _is_title(found[0]):
        title, rest = plain(found[0].text), found[1:]
    return _drafts(title or name, rest)


def _is_title(block: Block) -> bool:
    if len(block.text) > LONGEST_TITLE:
        return False
    is_line = "\n" not in block.text and not ends_sentence(block.text)
    return bool(block.level) or (is_line and block.text != SCENE_BREAK)


def _parts(blocks: list[Block], level: int, name: str) -> list[Draft]:
    """Return a story for each heading of `level`, and one for what stands before the first."""
    starts = [place for place, block in enumerate(blocks) if block.level == level]
    stories = []
    for start, end in itertools.pairwise([*starts, len(blocks)]):
        heading, body = blocks[start], blocks[start + 1 : end]
        # A title that has to be cut is whole in the text.
        long = len(heading.text) > LONGEST_TITLE
        stories += _drafts(heading.text, blocks[start:end] if long else body)
    front = blocks[: starts[0]]
    titles = {blocks[start].text for start in starts}
    return stories if _is_title_page(front, titles) else [*_drafts(name, front), *stories]


def _is_title_page(front: list[Block], titles: set[str]) -> bool:
    """Tell whether `front` has headings, contents, and a few lines that are no sentence."""
    lines = [block.text for block in front if not block.level and block.text not in titles]
    return sum(line.count("\n") + 1 for line in lines) <= _TITLE_PAGE and not any(
        len(line) > LONGEST_TITLE or ends_sentence(line) for line in lines
    )


def _drafts(title: str, blocks: Iterable[Block]) -> list[Draft]:
    text = "\n\n".join(block.text for block in blocks)
    return [Draft(title, text)] if text else []
