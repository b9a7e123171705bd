"""Plain text and Markdown."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from prose import said
from prose.emphasis.writing import marked
from stories.publishing.reading.blocks import (
    MAX_CHARACTERS,
    SCENE_BREAK,
    Blocks,
    too_large,
    unreadable,
)
from stories.publishing.works import BETWEEN_PARAGRAPHS, cleaned

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Code points: a long novel, which is read in a quarter of a second.
MAX_MARKDOWN = 500_000
# Ends of lines, and what may mean something within one. Whatever they turn out to be, reading one
# takes up to fifty microseconds; a novel has half as many.
MAX_SIGNS = 50_000
_SIGN = re.compile(r"[\n!#$%&*+\-:<=>@\[\\\]^_`{}~]")
# Characters; lines of verse and of text that was broken to fit a page are shorter.
_LONG_LINE = 100


def decoded(content: bytes, most: int = MAX_CHARACTERS) -> str:
    """Return the text of a file in Unicode, `most` characters long; raises `Refused`."""
    coding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError as error:
        raise unreadable(said("it is not Unicode text. Save it as text in UTF-8.")) from error
    if len(text) > most:
        raise too_large(
            said(
                "it has %(length)s characters; at most %(most)s are taken. Bring it in smaller "
                "parts.",
                length=f"{len(text):,}",
                most=f"{most:,}",
            )
        )
    if "\0" in text:
        raise unreadable(said("it is not a text file."))
    return cleaned(text)


def read_plain(content: bytes) -> Blocks:
    """Return the paragraphs of a plain text, which stand apart by empty lines.

    Where there is no empty line, many programs have written a paragraph a line.
    """
    text = decoded(content).strip("\n")
    parts = BETWEEN_PARAGRAPHS.split(text)
    lines = text.split("\n")
    if len(parts) == 1 and any(len(line) > _LONG_LINE for line in lines):
        parts = lines
    blocks = Blocks()
    for part in parts:
        blocks.add(part)
    return blocks


def read_markdown(content: bytes) -> Blocks:
    """Return the paragraphs and headings of a Markdown text; HTML in it stays text."""
    blocks, level = Blocks(), 0
    parser = MarkdownIt("commonmark", {"html": False})
    # Of a link, the words are kept and the address is not, wherever it would have led.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    text = decoded(content, MAX_MARKDOWN)
    signs = len(_SIGN.findall(text))
    if signs > MAX_SIGNS:
        raise too_large(
            said(
                "it has %(signs)s lines and signs of Markdown; at most %(most)s are taken. Bring "
                "it in smaller parts.",
                signs=f"{signs:,}",
                most=f"{MAX_SIGNS:,}",
            )
        )
    for token in parser.parse(text):
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "inline":
            blocks.add(_inline(token), level)
        elif token.type in {"fence", "code_block"}:
            blocks.add(token.content)
        elif token.type == "hr":
            blocks.add(SCENE_BREAK)
    return blocks


def _inline(token: Token) -> str:
    """Return the words of a paragraph; a link's too, and none of a picture."""
    breaks = {"softbreak": " ", "hardbreak": "\n"}
    looks = {"strong": 0, "em": 0}
    words = []
    for child in token.children or ():
        look = child.type.partition("_")[0]
        if look in looks:
            looks[look] += child.nesting
        text = "" if child.type == "image" else child.content
        shown = marked(text, bold=looks["strong"] > 0, italic=looks["em"] > 0) if text else ""
        words.append(breaks.get(child.type, shown))
    return "".join(words)
