"""XML of strangers, read as it streams by: no tree is built, nothing is looked up.

Declared entities are refused (defusedxml), whatever they would expand to. How much there is to be
read is bounded where it is unpacked (`packed`).
"""

import re
from html.entities import html5
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from prose import said
from prose.emphasis.writing import marked
from stories.publishing.reading.blocks import SCENE_BREAK, Blocks, unreadable

# Those of HTML, which XHTML of before may use: "&nbsp;".
_ENTITIES = {name[:-1]: value for name, value in html5.items() if name.endswith(";")}
_SPACES = re.compile("[ \t\r\n\f]+")
# A line break among the text of an element; XML has no such character.
_BREAK = "\x0b"


class Target:
    """Is told of elements by their local names; what it does not ask for passes."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element."""

    def end(self, tag: str) -> None:
        """Take in the end of an element."""

    def data(self, text: str) -> None:
        """Take in text."""

    def close(self) -> None:
        """Take in the end of the document."""


def local(tag: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def read(content: bytes, target: Target) -> None:
    """Tell `target` what is in the XML document `content`; raises `Refused`."""
    parser: Any = DefusedXMLParser(target=target, forbid_entities=True, forbid_external=True)
    parser.parser.StartDoctypeDeclHandler = _doctype
    parser.entity.update(_ENTITIES)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException as error:
        raise unreadable(said("it declares entities or elements, which no story needs.")) from error
    except (ParseError, ValueError, LookupError) as error:
        raise unreadable(said("a part of it is not well-formed XML.")) from error


def _doctype(name: str, system: str | None, public: str | None, has_declarations: int) -> None:
    """Take in the document's type; its own declarations would be read word by word, in Python."""
    if has_declarations:
        raise DTDForbidden(name, system, public)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_APART = _set(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption "
    "figure footer form header hgroup li main ol p pre section summary table tbody td tfoot th "
    "thead tr ul"
) | {*_HEADINGS}
_LOOKS = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic"}
_SKIPPED = _set(
    "audio button canvas embed head iframe input map math nav object rp rt script select style svg "
    "template textarea video"
)
# What an EPUB says of its parts that are no story, and of marks among the words of one.
_TYPE = "{http://www.idpf.org/2007/ops}type"
_NO_STORY = _set(
    "titlepage halftitlepage cover toc landmarks copyright-page imprint colophon index "
    "pagebreak noteref"
)


class Page(Target):
    """An XHTML page: what is shown of it as paragraphs, as a browser would break them."""

    def __init__(self, blocks: Blocks, deeper: int) -> None:
        """Read into `blocks`; headings become `deeper` levels deeper, but the page's first one."""
        self._blocks = blocks
        self._deeper = deeper
        self._begun = len(blocks.found)
        self._text: list[str] = []
        self._level = 0
        self._skipped = 0  # elements that are open, from one to be skipped on
        self._looks = {"bold": 0, "italic": 0}  # elements that are open
        self._kept = 0  # elements that are open, from one on whose line breaks count

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin a paragraph, or skip an element with all that is in it."""
        name = local(tag)
        if self._skipped or name in _SKIPPED or _NO_STORY & {*attributes.get(_TYPE, "").split()}:
            self._skipped += 1
            return
        if self._kept or name == "pre":
            self._kept += 1
        if name in _LOOKS:
            self._looks[_LOOKS[name]] += 1
        if name in _APART:
            self._flush()
            self._level = _HEADINGS.get(name, self._level)
        elif name == "br":
            self._text.append(_BREAK)
        elif name == "hr":
            self._flush()
            self._blocks.add(SCENE_BREAK)

    def end(self, tag: str) -> None:
        """End a paragraph."""
        if self._skipped:
            self._skipped -= 1
            return
        name = local(tag)
        if name in _LOOKS:
            self._looks[_LOOKS[name]] -= 1
        if name in _APART:
            self._flush()
        if name in _HEADINGS:
            self._level = 0
        self._kept = max(0, self._kept - 1)

    def data(self, text: str) -> None:
        """Take in text."""
        if not self._skipped:
            text = _SPACES.sub(" ", text.replace("\n", _BREAK) if self._kept else text)
            bold, italic = (bool(self._looks[look]) for look in ("bold", "italic"))
            parts = (marked(part, bold=bold, italic=italic) for part in text.split(_BREAK))
            self._text.append(_BREAK.join(parts))

    def close(self) -> None:
        """End the last paragraph."""
        self._flush()

    def _flush(self) -> None:
        if not self._text:
            return
        text = _SPACES.sub(" ", "".join(self._text)).replace(_BREAK, "\n")
        self._text.clear()
        level = self._level
        if level and len(self._blocks.found) > self._begun:
            level += self._deeper
        elif level:
            level = 1
        self._blocks.add(text, level)
