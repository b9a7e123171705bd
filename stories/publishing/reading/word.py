"""DOCX: the text as it is shown, with headings known by the names of their styles.

Read as it streams by. python-docx builds the whole tree, and leaves out what was inserted while
changes were tracked.
"""

import posixpath
from dataclasses import dataclass, field

from prose.emphasis.writing import marked
from stories.publishing.reading import markup
from stories.publishing.reading.blocks import Blocks
from stories.publishing.reading.packed import Packed

_SPACES = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
_USUAL = "word/document.xml"
# Deleted while changes were tracked, shown in another way beside it, or no text.
_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "tabs", "rPrChange", "pPrChange"})
# A title stands above headings of the first level.
_LEVELS = {"title": 1, **{f"heading {level}": level + 1 for level in range(1, 10)}}
_SUBTITLE = 11


def read(packed: Packed) -> Blocks:
    """Return the paragraphs and headings of a document; raises `Refused`."""
    name = _document(packed)
    styles = _Styles()
    beside = posixpath.join(posixpath.dirname(name), "styles.xml")
    if beside in packed:
        markup.read(packed.read(beside), styles)
    blocks = Blocks()
    markup.read(packed.read(name), _Document(blocks, styles.names))
    return blocks


def _document(packed: Packed) -> str:
    """Return the name of the part that has the text."""
    relations = _Relations()
    if "_rels/.rels" in packed:
        markup.read(packed.read("_rels/.rels"), relations)
    return relations.document.lstrip("/") or _USUAL


class _Relations(markup.Target):
    document = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if attributes.get("Type", "").endswith("/officeDocument"):
            self.document = attributes.get("Target", "")


class _Styles(markup.Target):
    """The names of styles, the same in every language of Word, by what paragraphs call them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._style = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = markup.local(tag)
        if name == "style":
            self._style = _own(attributes, "styleId")
        elif name == "name" and self._style:
            self.names[self._style] = _own(attributes, "val").lower()

    def end(self, tag: str) -> None:
        if markup.local(tag) == "style":
            self._style = ""


@dataclass
class _Paragraph:
    style: str = ""
    text: list[str] = field(default_factory=list)
    bold: bool = False  # the run that is open
    italic: bool = False


class _Document(markup.Target):
    """The text of a document. A text box's paragraphs stand in a paragraph, and come first."""

    def __init__(self, blocks: Blocks, styles: dict[str, str]) -> None:
        self._blocks = blocks
        self._styles = styles
        self._open: list[_Paragraph] = []
        self._skipped = 0
        self._is_text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = markup.local(tag)
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
        elif tag.startswith(_SPACES):
            if name == "p":
                self._open.append(_Paragraph())
            elif self._open:
                self._within(name, attributes)

    def _within(self, name: str, attributes: dict[str, str]) -> None:
        paragraph = self._open[-1]
        if name == "pStyle":
            paragraph.style = _own(attributes, "val")
        elif name == "r":
            paragraph.bold = paragraph.italic = False
        elif name in {"b", "i"}:
            is_so = _own(attributes, "val") not in {"0", "false", "off"}
            setattr(paragraph, "bold" if name == "b" else "italic", is_so)
        elif name == "t":
            self._is_text = True
        elif name == "tab":
            paragraph.text.append("\t")
        elif name == "noBreakHyphen":
            paragraph.text.append("\u2011")
        elif name == "cr" or (name == "br" and _own(attributes, "type") in {"", "textWrapping"}):
            paragraph.text.append("\n")

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif tag.startswith(_SPACES):
            name = markup.local(tag)
            if name == "t":
                self._is_text = False
            elif name == "p" and self._open:
                self._add(self._open.pop())

    def data(self, text: str) -> None:
        if self._is_text and not self._skipped and self._open:
            run = self._open[-1]
            run.text.append(marked(text, bold=run.bold, italic=run.italic))

    def _add(self, paragraph: _Paragraph) -> None:
        style = self._styles.get(paragraph.style, paragraph.style.lower())
        if not style.startswith("toc "):  # a line of the contents, which are made anew
            level = _SUBTITLE if style == "subtitle" else _LEVELS.get(style, 0)
            self._blocks.add("".join(paragraph.text), level)


def _own(attributes: dict[str, str], name: str) -> str:
    """Return Word's attribute `name`."""
    return next((attributes[space + name] for space in _SPACES if space + name in attributes), "")
