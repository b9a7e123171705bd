"""EPUB, 2 and 3: the pages in the order of reading, without those that are no story."""

import posixpath
from typing import NamedTuple
from urllib.parse import unquote

from prose import said
from stories.publishing.reading import markup
from stories.publishing.reading.blocks import Blocks, unreadable
from stories.publishing.reading.packed import Packed

_CONTAINER = "META-INF/container.xml"
_LOCKS = ("META-INF/rights.xml", "META-INF/sinf.xml")
_PAGES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
# What a page's headings after the first one become deeper by: the first is the chapter's.
_DEEPER = 1


def read(packed: Packed) -> Blocks:
    """Return the paragraphs and headings of a book; raises `Refused`."""
    if any(lock in packed for lock in _LOCKS):
        raise unreadable(said("it is protected against copying."))
    container = _Container()
    markup.read(packed.read(_CONTAINER), container)
    package = _Package()
    markup.read(packed.read(container.package), package)
    folder = posixpath.dirname(container.package)
    blocks = Blocks(title=" ".join("".join(package.title).split()))
    for item in package.pages():
        name = posixpath.normpath(posixpath.join(folder, unquote(item.href.partition("#")[0])))
        markup.read(packed.read(name), markup.Page(blocks, _DEEPER))
    return blocks


class _Container(markup.Target):
    package = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if markup.local(tag) == "rootfile" and not self.package:
            self.package = attributes.get("full-path", "")


class _Item(NamedTuple):
    href: str
    media_type: str
    properties: list[str]


class _Package(markup.Target):
    """The title, what is in the book, and in which order it is read."""

    def __init__(self) -> None:
        self.title: list[str] = []
        self._items: dict[str, _Item] = {}
        self._order: list[str] = []
        self._titles = 0
        self._is_title = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = markup.local(tag)
        if name == "item":
            self._items[attributes.get("id", "")] = _Item(
                attributes.get("href", ""),
                attributes.get("media-type", ""),
                attributes.get("properties", "").split(),
            )
        elif name == "itemref" and attributes.get("linear") != "no":
            self._order.append(attributes.get("idref", ""))
        elif name == "title":
            self._titles += 1
            self._is_title = self._titles == 1  # others are subtitles, or a series'

    def end(self, tag: str) -> None:
        if markup.local(tag) == "title":
            self._is_title = False

    def data(self, text: str) -> None:
        if self._is_title:
            self.title.append(text)

    def pages(self) -> list[_Item]:
        """Return the pages to be read, once each."""
        items = (self._items.get(name) for name in dict.fromkeys(self._order))
        return [
            item
            for item in items
            if item and item.media_type in _PAGES and "nav" not in item.properties
        ]
