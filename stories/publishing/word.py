"""DOCX, by python-docx: headings and contents that Word and LibreOffice know as such."""

from io import BytesIO
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph as WordParagraph

from prose.emphasis.signs import Piece
from stories.publishing.works import Book, is_right_to_left

_FONT, _SIZE = "Georgia", Pt(11.5)
_LONGEST_PROPERTY = 255  # characters
# Word's own name of the lines of a table of contents.
CONTENTS_STYLE = "toc 1"


def write(book: Book) -> bytes:
    """Return the book as a DOCX file; with several stories, a title page and contents lead."""
    document = docx.Document()
    _set_up(document, book)
    _heading(document, book.title, 0)
    if book.has_contents:
        _front(document, book)
    for number, work in enumerate(book.works, 1):
        if book.has_contents:
            heading = _heading(document, work.title, 1)
            heading.paragraph_format.page_break_before = True
            _bookmark(heading, number)
        for part in work.paragraphs:
            paragraph = _paragraph(document, part.pieces)
            if part.rtl:
                _turn(paragraph)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up(document: Any, book: Book) -> None:
    about = document.core_properties
    author = book.author[:_LONGEST_PROPERTY]
    about.title, about.author, about.language = book.title, author, book.language
    about.comments, about.last_modified_by = "", author
    about.created = about.modified = book.changed
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, _SIZE
    normal.paragraph_format.space_after = Pt(8)
    normal.paragraph_format.line_spacing = 1.35
    language = OxmlElement("w:lang")
    # Which attribute counts depends on the script; each program looks at its own.
    for script in ("w:val", "w:eastAsia", "w:bidi"):
        language.set(qn(script), book.language)
    normal.element.get_or_add_rPr().append(language)
    contents = document.styles.add_style(CONTENTS_STYLE, WD_STYLE_TYPE.PARAGRAPH)
    contents.base_style = normal


def _paragraph(document: Any, lines: list[list[Piece]]) -> WordParagraph:
    """Add a paragraph at the end, which python-docx looks for from the beginning, each time."""
    element = OxmlElement("w:p")
    # The last element has the measures of the page.
    document.element.body[-1].addprevious(element)
    paragraph = WordParagraph(element, document._body)
    for number, line in enumerate(lines):
        for place, piece in enumerate(line):
            run = paragraph.add_run("\n" * (number > 0 and place == 0) + piece.text)
            # One for each kind of script, and none where it is as usual.
            run.font.bold = run.font.cs_bold = piece.bold or None
            run.font.italic = run.font.cs_italic = piece.italic or None
    return paragraph


def _heading(document: Any, text: str, level: int) -> WordParagraph:
    heading: WordParagraph = document.add_heading(text, level)
    if is_right_to_left(text):
        _turn(heading)
    return heading


def _front(document: Any, book: Book) -> None:
    if book.author:
        author = document.add_paragraph(book.author, style="Subtitle")
        if is_right_to_left(book.author):
            _turn(author)
    for number, work in enumerate(book.works, 1):
        line = document.add_paragraph(style=CONTENTS_STYLE)
        if number == 1:
            line.paragraph_format.page_break_before = True
        _link(line, work.title, number)
        if is_right_to_left(work.title):
            _turn(line)


def _bookmark(paragraph: WordParagraph, number: int) -> None:
    """Mark the heading of story `number`, for the contents to lead to."""
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        mark = OxmlElement(tag)
        mark.set(qn("w:id"), str(number))
        if tag == "w:bookmarkStart":
            mark.set(qn("w:name"), f"story{number}")
        paragraph._p.append(mark)


def _link(paragraph: WordParagraph, text: str, number: int) -> None:
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), f"story{number}")
    link.append(paragraph.add_run(text)._r)
    paragraph._p.append(link)


def _turn(paragraph: WordParagraph) -> None:
    """Let the paragraph read from right to left, and so begin at the right."""
    properties = paragraph._p.get_or_add_pPr()
    # Its place among the properties is fixed by the format.
    properties.insert_element_before(
        OxmlElement("w:bidi"), *("w:adjustRightInd", "w:spacing", "w:ind", "w:jc", "w:rPr")
    )
    # "Left" is where such a paragraph begins: the right.
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    for run in paragraph.runs:
        run.font.rtl = True
