"""The formats that stories are taken along in."""

from collections.abc import Callable
from typing import NamedTuple

from stories.errors import Refused
from stories.publishing import epub, pdf, plain, word
from stories.publishing.names import file_name
from stories.publishing.works import Book


class Format(NamedTuple):
    """A kind of file: its name for people, its ending, its media type, and who writes it."""

    label: str
    ending: str
    media_type: str
    write: Callable[[Book], bytes]

    def name(self, book: Book) -> str:
        """Return the file's name."""
        return file_name(book.title, self.ending)


PLAIN = "txt"
FORMATS = {
    found.ending: found
    for found in (
        Format("EPUB", "epub", "application/epub+zip", epub.write),
        Format(
            "Word (DOCX)",
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            word.write,
        ),
        Format("PDF", "pdf", "application/pdf", pdf.write),
        Format("Markdown", "md", "text/markdown; charset=utf-8", plain.markdown),
        Format("Plain text", PLAIN, "text/plain; charset=utf-8", plain.text),
    )
}


def format_of(ending: str) -> Format:
    """Return the format of files with `ending`; raises `Refused` where there is none."""
    if ending not in FORMATS:
        raise Refused("bad_request", "There is no such format.", 400)
    return FORMATS[ending]
