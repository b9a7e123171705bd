"""The formats that stories are taken along in."""

from collections.abc import Callable
from typing import NamedTuple

from prose import said
from stories.errors import Refused
from stories.publishing import epub, pdf, plain, word
from stories.publishing.names import file_name
from stories.publishing.works import Book


class Format(NamedTuple):
    """A kind of file: its name for people, its ending, its media type, and who writes it.

    `most_lines` is what `works.bind` takes for it; None where a line costs next to nothing.
    """

    label: str
    ending: str
    media_type: str
    write: Callable[[Book], bytes]
    most_lines: int | None = None

    def name(self, book: Book) -> str:
        """Return the file's name."""
        return file_name(book.title, self.ending)


PLAIN = "txt"
# Each becomes an element, which takes its time whatever its length. Of all stories of a book: one
# of 3,000,000 characters has them where a line has thirty.
MOST_LINES = 100_000
FORMATS = {
    found.ending: found
    for found in (
        Format("EPUB", "epub", "application/epub+zip", epub.write, MOST_LINES),
        Format(
            said("Word (DOCX)"),
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            word.write,
            MOST_LINES,
        ),
        Format("PDF", "pdf", "application/pdf", pdf.write, MOST_LINES),
        Format("Markdown", "md", "text/markdown; charset=utf-8", plain.markdown),
        Format(said("Plain text"), PLAIN, "text/plain; charset=utf-8", plain.text),
    )
}


def format_of(ending: str) -> Format:
    """Return the format of files with `ending`; raises `Refused` where there is none."""
    if ending not in FORMATS:
        raise Refused("bad_request", said("There is no such format."), 400)
    return FORMATS[ending]
