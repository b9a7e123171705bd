"""Files that people bring become stories; what is hostile or damaged is refused in a sentence."""

import contextlib
import io
import random
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

import docx
import pytest
from docx.oxml import OxmlElement

from stories.errors import Refused
from stories.publishing.formats import format_of
from stories.publishing.reading import blocks, files, packed, text
from stories.publishing.reading.blocks import Draft
from tests.stories.publishing.books import (
    CHINESE,
    HEBREW,
    MARKED,
    TITLES,
    book,
    lines,
    single,
)

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/my book.opf"/></rootfiles></container>'
)
PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Old  book</dc:title>'
    "<dc:title>Part 1</dc:title></metadata><manifest>"
    '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    '<item id="a" href="a%20b.xhtml#x" media-type="application/xhtml+xml"/>'
    '<item id="i" href="i.png" media-type="image/png"/>'
    '<item id="z" href="z.xhtml" media-type="application/xhtml+xml"/>'
    '</manifest><spine><itemref idref="n"/><itemref idref="a"/><itemref idref="i"/>'
    '<itemref idref="a"/><itemref idref="z" linear="no"/><itemref idref="?"/></spine></package>'
)
DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
    '"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'
)
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def one(name: str, content: bytes) -> Draft:
    """Return the one story in a file."""
    [draft] = files.read(name, content, split=False)
    return draft


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """Return a zip file of `parts`."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


def epub(page: str, **more: str) -> bytes:
    """Return an EPUB file of one page."""
    parts = {"META-INF/container.xml": CONTAINER, "OPS/my book.opf": PACKAGE, "OPS/a b.xhtml": page}
    return zipped({**parts, **more})


def body(inner: str) -> str:
    """Return an XHTML page."""
    return (
        f'{DOCTYPE}<html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>no</title></head>'
        f"<body>{inner}</body></html>"
    )


def document(inner: str) -> bytes:
    """Return a DOCX file with `inner` in its body."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    xml = f'<w:document xmlns:w="{space}"><w:body>{inner}</w:body></w:document>'
    return zipped({"word/document.xml": xml})


def many_pages(page: str, number: int) -> bytes:
    """Return an EPUB file that has `page` so many times, each in a part of its own."""
    names = [f"{place}.xhtml" for place in range(number)]
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    package = f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>"
    pages = {f"OPS/{name}": page for name in names}
    return zipped({"META-INF/container.xml": CONTAINER, "OPS/my book.opf": package, **pages})


def far_part() -> bytes:
    """Return a zip file that says of its part that it begins where no file can."""
    content = document("<w:p/>")
    place = content.rindex(b"PK\x01\x02")
    directory, end = content[place:], content.rindex(b"PK\x05\x06") - place
    name = int.from_bytes(directory[28:30], "little")
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    # The lengths of the extra field and of the directory, and the sign to look there.
    entry = (
        directory[:30]
        + struct.pack("<H", len(extra))
        + directory[32:42]
        + b"\xff" * 4
        + directory[46 : 46 + name]
        + extra
    )
    tail = bytearray(directory[end:])
    tail[12:16] = struct.pack("<I", len(entry))
    return content[:place] + entry + bytes(tail)


@pytest.mark.parametrize("ending", ["epub", "docx", "md", "txt"])
def test_what_was_taken_along_comes_back(ending: str) -> None:
    title, found = one(f"My file.{ending}", format_of(ending).write(single()))
    assert title == TITLES[0]
    assert [part.split("\n") for part in found.split("\n\n")] == [
        part.split("\n") for part in MARKED.split("\n\n")
    ]


@pytest.mark.parametrize("ending", ["epub", "docx", "md"])
def test_a_book_comes_back_as_its_stories_or_as_one(ending: str) -> None:
    written = format_of(ending).write(book())
    stories = files.read(f"x.{ending}", written, split=True)
    assert [draft.title for draft in stories] == list(TITLES)
    assert [draft.text for draft in stories] == [MARKED, HEBREW, CHINESE]
    whole = one(f"x.{ending}", written)
    assert whole.title == "Lamps & “more”"
    for line in (*TITLES, *lines(MARKED), *lines(HEBREW), *lines(CHINESE)):
        assert line in whole.text


@pytest.mark.parametrize(
    ("content", "title", "found"),
    [
        ("The Lamp\r\n\r\nOne.\r\nTwo.\r\n", "The Lamp", "One.\nTwo."),
        ("One ran.\n\nTwo.", "A file", "One ran.\n\nTwo."),
        ("Roses\nViolets\n\nSugar.", "A file", "Roses\nViolets\n\nSugar."),
        (f"{'Long. ' * 30}\n{'More. ' * 9}", "A file", f"{'Long. ' * 30}\n\n{'More. ' * 9}"),
        ("* * *\n\nOne.", "A file", "* * *\n\nOne."),
        ("<script>alert(1)</script>", "A file", "<script>alert(1)</script>"),
    ],
)
def test_plain_text(content: str, title: str, found: str) -> None:
    wanted = Draft(title, found.replace(" \n", "\n").strip())
    for coding in ("utf-8", "utf-8-sig", "utf-16"):
        assert one("A file.TXT", content.encode(coding)) == wanted


def test_markdown_is_its_words() -> None:
    content = (
        "Front\n=====\n\n*Anna* **ran** to [the sea](javascript:alert(1))\nand `back`.  \nOn.\n\n"
        "***\n\n- one\n- two &amp; &lt;\n\n> Quoted.\n\n![A lamp](x.png)\n\n```js\nlet x\n```\n\n"
        "<b onclick=alert(1)>bold</b>\n\n## Next\n\nEnd."
    )
    assert one("x.md", content.encode()) == Draft(
        "Front",
        "*Anna* **ran** to the sea and back.\nOn.\n\n* * *\n\none\n\ntwo & <\n\nQuoted.\n\n"
        "let x\n\n<b onclick=alert(1)>bold</b>\n\nNext\n\nEnd.",
    )


def test_main_headings_part_a_file() -> None:
    content = "It began long ago.\n\n## One\n\nA.\n\n### Inner\n\nB.\n\n## Two\n\nC.\n\n## Empty\n"
    assert files.read("x.md", content.encode(), split=True) == [
        Draft("x", "It began long ago."),
        Draft("One", "A.\n\nInner\n\nB."),
        Draft("Two", "C."),
    ]
    long = "word " * 40
    [first, _] = files.read("x.md", f"# {long}\n\nA.\n\n# B\n\nC.".encode(), split=True)
    assert first.text == f"{long.strip()}\n\nA."
    assert files.read("x.md", b"No heading.", split=True) == [Draft("x", "No heading.")]


def test_an_epub_as_a_browser_shows_it() -> None:
    page = body(
        "<h2>A\n title</h2><div>Loose &nbsp;text<p>One <i>two</i>\n  three.<br/>Four.</p>tail</div>"
        "<script>alert(1)</script><svg><text>no</text></svg><hr/>"
        '<p>A<span epub:type="pagebreak">12</span> b<a epub:type="noteref">1</a>.</p>'
        '<section epub:type="titlepage">no</section><nav>no</nav><pre>x\n  y</pre>'
        "<table><tr><td>Anna</td><td>Ben</td></tr></table><ul><li>sea</li><li>land</li></ul>"
        "<p><ruby>漢<rt>kan</rt></ruby>字</p><p>&lt;b&gt;</p>"
    )
    found = one("x.epub", epub(page))
    assert found.title == "A title"
    assert found.text.split("\n\n") == [
        *("Loose \xa0text", "One *two* three.\nFour.", "tail", "* * *", "A b.", "x\ny"),
        *("Anna", "Ben", "sea", "land", "漢字", "<b>"),
    ]


def test_a_book_without_headings_has_the_title_that_it_says() -> None:
    assert one("x.epub", epub(body("<p>It rained.</p><p>Still.</p>"))).title == "Old book"


def test_a_docx_as_word_shows_it() -> None:
    made = docx.Document()
    made.add_heading("The Lamp", 0)
    made.add_paragraph("Shade", style="Subtitle")
    paragraph = made.add_paragraph("One ")
    for tag, content in (("w:ins", "two"), ("w:del", "three"), ("w:moveFrom", "four")):
        change = OxmlElement(tag)
        change.append(paragraph.add_run(content)._r)
        paragraph._p.append(change)
    paragraph.add_run("\tfive\nsix")
    cells = made.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = "Anna", "Ben"
    file = io.BytesIO()
    made.save(file)
    assert one("x.docx", file.getvalue()) == Draft(
        "The Lamp", "Shade\n\nOne two\tfive\nsix\n\nAnna\n\nBen"
    )


def test_a_docx_with_a_text_box_and_without_styles() -> None:
    inner = (
        "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Out </w:t></w:r><w:r><w:p><w:r>"
        "<w:t>In</w:t></w:r></w:p></w:r><w:r><w:t>side</w:t><w:noBreakHyphen/><w:cr/>"
        '<w:br w:type="page"/><w:t>x</w:t><w:instrText>no</w:instrText></w:r></w:p>'
        "<x><Fallback><w:p><w:r><w:t>no</w:t></w:r></w:p></Fallback></x>"
    )
    assert one("x.docx", document(inner)).text == "Out side\u2011\nx"
    assert one("x.docx", document(inner)).title == "In"


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "no text": ("x.txt", lambda: b" \n ", "no text"),
    "a picture": ("x.txt", lambda: b"\x89PNG\x00\xff", "not Unicode"),
    "zeros": ("x.txt", lambda: b"a\0b", "not a text file"),
    "another kind": ("x.pdf", lambda: b"%PDF", "DOCX and EPUB files"),
    "no ending": ("x", lambda: b"a", "DOCX and EPUB files"),
    "old Word": ("x.DOC", lambda: b"\xd0\xcf", "save it as DOCX"),
    "no zip": ("x.docx", lambda: b"words", "damaged"),
    "half a file": ("x.epub", lambda: epub(body("<p>A.</p>"))[:-30], "damaged"),
    "an empty zip": ("x.epub", lambda: zipped({}), "missing"),
    "no document": ("x.docx", lambda: zipped({"a": "b"}), "missing"),
    "a missing page": (
        "x.epub",
        lambda: zipped({"META-INF/container.xml": CONTAINER, "OPS/my book.opf": PACKAGE}),
        "missing",
    ),
    "bad XML": ("x.epub", lambda: epub("<p>A."), "not well-formed"),
    "no Unicode": ("x.epub", lambda: epub('<?xml version="1.0" encoding="x"?><p>A</p>'), "XML"),
    "laughs": ("x.epub", lambda: epub(f"{LAUGHS}<a>&c;</a>"), "entities"),
    "laughs in Word": ("x.docx", lambda: zipped({"word/document.xml": LAUGHS + "<a/>"}), "entit"),
    "a file outside": ("x.epub", lambda: epub(f"{OUTSIDE}<a>&a;</a>"), "entities"),
    "locked": (
        "x.epub",
        lambda: epub(body("<p>A.</p>"), **{"META-INF/rights.xml": "<r/>"}),
        "protected against copying",
    ),
    "a bomb": (
        "x.docx",
        lambda: zipped({"word/document.xml": b" " * (packed.MAX_PART + 1)}),
        "far more in it",
    ),
    "many bombs": (
        "x.epub",
        lambda: many_pages(
            f"<p>{' ' * (packed.MAX_PART - len('<p></p>'))}</p>",
            packed.MAX_UNPACKED // packed.MAX_PART + 1,
        ),
        "far more in it",
    ),
    "a part behind the end": ("x.docx", far_part, "damaged"),
    "long": ("x.txt", lambda: b"x" * (blocks.MAX_CHARACTERS + 1), "characters"),
    "long Markdown": ("x.md", lambda: b"x" * (text.MAX_MARKDOWN + 1), "characters"),
    "much Markdown": ("x.md", lambda: b"[a" * (text.MAX_SIGNS + 1), "50,001 lines and signs"),
    "long in Word": (
        "x.docx",
        lambda: document(f"<w:p><w:r><w:t>{'x' * (blocks.MAX_CHARACTERS + 1)}</w:t></w:r></w:p>"),
        "characters",
    ),
    "many elements": (
        "x.epub",
        lambda: epub(body("<i/>" * packed.MAX_SIGNS)),
        "too many elements",
    ),
    "many elements in all": (
        "x.epub",
        lambda: many_pages(f"<p>{'<i/>' * (packed.MAX_SIGNS // 2)}</p>", 2),
        "too many elements",
    ),
    "many attributes": (
        "x.epub",
        lambda: epub(
            body("<i" + "".join(f' a{n}=""' for n in range(packed.MAX_SIGNS)) + "/>"),
        ),
        "too many elements",
    ),
    "declared elements": (
        "x.epub",
        lambda: epub("<!DOCTYPE a [<!ELEMENT a (b,b)>]><a/>"),
        "declares entities or elements",
    ),
    "many entities": (
        "x.epub",
        lambda: epub(body("&nbsp;" * packed.MAX_SIGNS)),
        "too many elements",
    ),
    "many": ("x.txt", lambda: b"x\n\n" * (blocks.MAX_PARAGRAPHS + 1), "20,000 paragraphs"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_in_a_sentence(case: str) -> None:
    name, content, sentence = REFUSED[case]
    with pytest.raises(Refused, match=sentence) as refused:
        files.read(name, content(), split=False)
    assert 400 <= refused.value.status < 500
    assert str(refused.value).endswith(".")


def test_too_many_stories_are_refused() -> None:
    content = "".join(f"# {n}\n\nx.\n\n" for n in range(blocks.MAX_STORIES + 1))
    with pytest.raises(Refused, match="101 parts"):
        files.read("x.md", content.encode(), split=True)
    assert one("x.md", content.encode()).title == "0"


def test_a_size_that_is_a_lie_does_not_help() -> None:
    """What is unpacked is counted, whatever the file says of it."""
    bomb = b" " * (packed.MAX_PART + 10)
    content = zipped({"word/document.xml": bomb}).replace(
        struct.pack("<I", len(bomb)), struct.pack("<I", 10)
    )
    with pytest.raises(Refused, match="damaged"):
        files.read("x.docx", content, split=False)


def test_protected_and_unusual_zips() -> None:
    content = bytearray(document("<w:p/>"))
    place = content.rindex(b"PK\x01\x02")
    content[place + 8] |= 1
    with pytest.raises(Refused, match="password"):
        files.read("x.docx", bytes(content), split=False)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("word/document.xml", "<a/>")
    with pytest.raises(Refused, match="packed in a way"):
        files.read("x.docx", file.getvalue(), split=False)
    many = zipped({str(n): b"" for n in range(10_001)})
    with pytest.raises(Refused, match="too many parts"):
        files.read("x.docx", many, split=False)


@pytest.mark.parametrize("ending", ["epub", "docx", "md", "txt"])
def test_damaged_files_are_read_or_refused(ending: str) -> None:
    whole = format_of(ending).write(book())
    chance = random.Random(20)
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        found = [Draft("", "refused")]
        with contextlib.suppress(Refused):
            found = files.read(f"x.{ending}", bytes(content), split=chance.random() < 0.5)
        assert all(draft.text for draft in found)


def test_deep_nesting_is_read_without_depth() -> None:
    deep = 200_000
    assert one("x.epub", epub(body("<p>A.</p>" + "<i>" * deep + "</i>" * deep))).text == "A."
