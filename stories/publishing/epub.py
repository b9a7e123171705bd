"""EPUB 3, with what readers for the blind go by: language, structure, contents, metadata.

Made here, of a zip file and templates: the library for it (EbookLib) is under the AGPL.
"""

import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC
from functools import cache
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stories.publishing.works import Book, is_right_to_left

_TEMPLATES = Path(__file__).with_name("templates") / "epub"
_MIME_TYPE = "application/epub+zip"


def write(book: Book) -> bytes:
    """Return the book as an EPUB file: title page, contents where there are several, stories."""
    file = BytesIO()
    when = book.changed.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        # First and as it is: that's how the format is known.
        packed.writestr(zipfile.ZipInfo("mimetype", when), _MIME_TYPE)
        for name, text in _files(book):
            packed.writestr(zipfile.ZipInfo(name, when), text, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _files(book: Book) -> Iterator[tuple[str, str]]:
    context = {
        "book": book,
        "identifier": _identifier(book),
        "modified": book.changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    yield "META-INF/container.xml", _filled("container.xml")
    for name in ("book.opf", "nav.xhtml", "title.xhtml", "style.css"):
        yield f"EPUB/{name}", _filled(name, **context)
    for number, work in enumerate(book.works, 1):
        yield f"EPUB/story{number}.xhtml", _filled("story.xhtml", work=work)


def _identifier(book: Book) -> str:
    """Return the book's name for readers' libraries: made again, it takes the older one's place."""
    keys = "\n".join([book.title, *(work.key for work in book.works)])
    return uuid.uuid5(uuid.NAMESPACE_OID, keys).urn


def _filled(name: str, **context: object) -> str:
    return _environment().get_template(name).render(**context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,  # XML takes what is escaped for HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dir"] = lambda text: "rtl" if is_right_to_left(text) else "ltr"
    return environment
