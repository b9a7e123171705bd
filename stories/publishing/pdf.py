"""PDF, by Typst: accessible (PDF/UA-1) and to be kept (PDF/A-2a), with no system library.

WeasyPrint lays out HTML as well, but needs Pango, which a user would have to install. Typst is one
wheel, brings fonts for Latin, Greek and Cyrillic, and takes the machine's for the rest. What no
font has would be a blank: both standards forbid it, so that nothing is lost without a word.
"""

import json
import logging
import re
from functools import cache
from pathlib import Path
from typing import cast

import typst

from prose import said
from stories.errors import Refused
from stories.publishing.works import Book, is_right_to_left

logger = logging.getLogger(__name__)
_TEMPLATE = Path(__file__).with_name("templates") / "book.typ"
# What Typst says of a letter that no font has, or whose meaning is nobody's.
_NO_LETTER = re.compile(
    r"""(?:the text|the codepoint) `"(?:\\u\{(?P<code>[0-9a-f]{1,6})\}|(?P<text>.{1,40}?))"`""",
    re.DOTALL,
)


def write(book: Book) -> bytes:
    """Return the book as a PDF file; with several stories, a title page and contents lead.

    Raises `Refused` when the machine has no font for some of it, or the standards no place.
    """
    try:
        made = _compiler().compile(
            format="pdf",
            # As data: no text becomes part of the program.
            sys_inputs={"book": json.dumps(_data(book))},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=book.changed.replace(microsecond=0),
        )
    except typst.TypstError as error:
        missing = _NO_LETTER.search(str(error))
        if not missing:
            # Without its words: they may hold the text's.
            logger.warning("Typst makes no PDF: %s", str(error).partition("`")[0])
            raise _no_pdf() from error
        letter = chr(int(missing["code"], 16)) if missing["code"] else missing["text"]
        raise _no_font(letter) from error
    return cast("bytes", made)


def _compiler() -> typst.Compiler:
    # One for each file: a compiler keeps what it was last given.
    return typst.Compiler(_TEMPLATE.read_bytes(), font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    """Look for the machine's fonts, once a process."""
    return typst.Fonts()


def _data(book: Book) -> dict[str, object]:
    return {
        "title": book.title,
        "author": book.author,
        "language": book.language,
        "rtl": book.is_right_to_left,
        "contents": book.has_contents,
        "works": [
            {
                "title": work.title,
                "rtl": is_right_to_left(work.title),
                "language": work.language,
                "paragraphs": [{"lines": part.pieces, "rtl": part.rtl} for part in work.paragraphs],
            }
            for work in book.works
        ],
    }


def _no_pdf() -> Refused:
    sentence = said("This text can’t be set as a PDF. EPUB and DOCX have all of it.")
    return Refused("no_pdf", sentence, 422)


def _no_font(letter: str) -> Refused:
    return Refused(
        "no_font",
        said(
            "This server has no font for “%(letter)s”, so that it would be missing in the PDF. "
            "EPUB and DOCX have all letters; whoever runs the server can install a font, such as "
            "Noto.",
            letter=letter,
        ),
        422,
    )
