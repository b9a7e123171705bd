"""Every format holds every paragraph and letter: the files are read back by other programs."""

import re
import shutil
import subprocess
import unicodedata
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import docx
import pypdf
import pytest
from docx.oxml.ns import qn
from markdown_it import MarkdownIt

from prose.languages.recognition import language_of
from stories.errors import Refused
from stories.publishing import pdf, works
from stories.publishing.formats import FORMATS, MOST_LINES, format_of
from stories.publishing.plain import archive
from stories.publishing.reading import files
from stories.publishing.works import MAX_BOOK_LENGTH, Book
from tests.stories.publishing.books import (
    CHINESE,
    HEBREW,
    MARKED,
    TITLES,
    book,
    lines,
    single,
    story,
)

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
ALL = [*lines(MARKED), *lines(HEBREW), *lines(CHINESE)]


@pytest.fixture
def checker() -> list[str]:
    """EPUBCheck, Debian's package; in CI a test that is skipped fails."""
    found, java = shutil.which("epubcheck"), shutil.which("java")
    if not (found and java):
        pytest.skip("needs epubcheck")
    # A jar that Debian's kernels start by themselves, and others don't.
    return [java, "-jar", found, "--failonwarnings"]


def pages(epub: bytes) -> dict[str, ElementTree.Element]:
    """Return the XML of an EPUB by the names of its files."""
    with zipfile.ZipFile(BytesIO(epub)) as packed:
        names = [n for n in packed.namelist() if n.endswith((".xhtml", ".opf"))]
        return {name: ElementTree.fromstring(packed.read(name)) for name in names}


@pytest.mark.parametrize("made", [single, book])
def test_epubcheck_finds_nothing(made: object, checker: list[str], tmp_path: Path) -> None:
    assert callable(made)
    file = tmp_path / "book.epub"
    file.write_bytes(format_of("epub").write(made()))
    checked = subprocess.run([*checker, file], capture_output=True, text=True)
    assert "No errors or warnings detected." in checked.stdout, checked.stderr + checked.stdout
    assert checked.returncode == 0


def test_an_epub_is_for_every_reader() -> None:
    written = format_of("epub").write(book())
    with zipfile.ZipFile(BytesIO(written)) as packed:
        first = packed.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    found = pages(written)
    package = found["EPUB/book.opf"]
    assert package.findtext(f".//{DC}title") == "Lamps & “more”"
    assert package.findtext(f".//{DC}creator") == "Ada <L>"
    assert package.findtext(f".//{DC}language") == "en"
    about = [(m.get("property"), m.text) for m in package.iter(f"{OPF}meta")]
    assert ("schema:accessMode", "textual") in about
    assert ("schema:accessibilityHazard", "none") in about
    assert ("schema:accessibilityFeature", "tableOfContents") in about
    assert [i.get("idref") for i in package.iter(f"{OPF}itemref")] == [
        *("title", "nav", "story1", "story2", "story3")
    ]
    nav = found["EPUB/nav.xhtml"].find(f".//{XHTML}nav")
    assert nav is not None
    assert [link.text for link in nav.iter(f"{XHTML}a")] == list(TITLES)
    languages = [found[f"EPUB/story{n}.xhtml"].get("lang") for n in (1, 2, 3)]
    assert languages == ["en", "he", "zh"]
    texts, directions = [], []
    for number in (1, 2, 3):
        for part in found[f"EPUB/story{number}.xhtml"].iter(f"{XHTML}p"):
            assert {child.tag for child in part} <= {f"{XHTML}br"}
            texts += list(part.itertext())
            directions.append(part.get("dir"))
    assert texts == ALL
    assert directions == ["ltr"] * 5 + ["rtl"] * 2 + ["ltr"] * 2


def test_the_same_book_has_the_same_name_and_another_has_another() -> None:
    def name(made: Book) -> str | None:
        package = pages(format_of("epub").write(made))["EPUB/book.opf"]
        return package.findtext(f".//{DC}identifier")

    assert name(book()) == name(book())
    assert name(book()) != name(single())
    assert (name(single()) or "").startswith("urn:uuid:")


def test_a_book_of_right_to_left_text_is_turned_the_other_way() -> None:
    package = pages(format_of("epub").write(single(HEBREW)))["EPUB/book.opf"]
    spine = package.find(f"{OPF}spine")
    assert spine is not None
    assert spine.get("page-progression-direction") == "rtl"


def test_a_docx_has_headings_contents_and_directions() -> None:
    document = docx.Document(BytesIO(format_of("docx").write(book())))
    about = document.core_properties
    assert (about.title, about.author, about.language) == ("Lamps & “more”", "Ada <L>", "en")
    by_style: dict[str, list[str]] = {}
    for paragraph in document.paragraphs:
        assert paragraph.style is not None
        by_style.setdefault(str(paragraph.style.name), []).append(paragraph.text)
    assert by_style["Title"] == ["Lamps & “more”"]
    assert by_style["Heading 1"] == by_style["toc 1"] == list(TITLES)
    assert [line for text in by_style["Normal"] for line in text.split("\n")] == ALL
    body = document.element.body
    marks = [mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))]
    assert marks == [link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))]
    turned = [p.text for p in document.paragraphs if p._p.find(f".//{qn('w:bidi')}") is not None]
    assert turned == [TITLES[1], TITLES[1], *HEBREW.split("\n\n")]


def test_markdown_shows_every_sign_as_it_is() -> None:
    text = format_of("md").write(book()).decode()
    tokens = MarkdownIt("commonmark").parse(text)
    assert [t.type for t in tokens if t.type.startswith(("html", "fence", "bullet", "hr"))] == []
    shown = [
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type not in {"hardbreak", "softbreak"}
    ]
    assert shown == ["Lamps & “more”", "Ada <L>", *TITLES, *_with_titles()]


def _with_titles() -> list[str]:
    parts = (part for pair in zip(TITLES, (MARKED, HEBREW, CHINESE), strict=True) for part in pair)
    return [line for part in parts for line in lines(part)]


def test_plain_text_is_the_text() -> None:
    assert format_of("txt").write(single()).decode() == f"{TITLES[0]}\n\n{MARKED}\n"
    whole = format_of("txt").write(book()).decode()
    assert whole.startswith("Lamps & “more”\n\nAda <L>\n\n1. Zoë & the <Lamp>\n2. ")
    for text in (MARKED, HEBREW, CHINESE):
        assert text in whole


def words_of(text: str) -> set[str]:
    """Return the words of a text, however its lines are broken and its letters composed."""
    # A PDF tells words apart by their place; directions are marked in it.
    text = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u2060\xad]", "", text)
    return set(re.findall(r"\w+", unicodedata.normalize("NFKC", text)))


def letters_of(text: str) -> list[str]:
    """Return the letters of a text, in no order that means something."""
    return sorted(filter(str.isalpha, text))


@pytest.fixture
def chinese_font() -> None:
    """A font that Debian's package fonts-noto-cjk brings."""
    if not any("CJK" in family for family in pdf._fonts().families()):
        pytest.skip("needs fonts-noto-cjk")


@pytest.mark.usefixtures("chinese_font")
def test_a_pdf_has_title_page_contents_and_all_words() -> None:
    made = pypdf.PdfReader(BytesIO(format_of("pdf").write(book())))
    assert made.metadata is not None
    assert (made.metadata.title, made.metadata.author) == ("Lamps & “more”", "Ada <L>")
    marks = made.root_object["/MarkInfo"].get_object()
    assert isinstance(marks, dict)
    assert marks["/Marked"].value is True
    texts = [page.extract_text() for page in made.pages]
    assert len(texts) == 5
    assert "Ada <L>" in texts[0]
    assert words_of(" ".join(TITLES)) <= words_of(texts[1])
    assert words_of(f"{MARKED} {CHINESE}") <= words_of(" ".join(texts[2:]))
    # Of lines that are set from the right, the reader joins words: their letters are compared.
    assert letters_of(f"{TITLES[1]} {HEBREW}") == letters_of(texts[3])
    titles = [entry.title for entry in made.outline]
    assert titles == list(TITLES)


def test_a_pdf_of_one_story_is_that_story() -> None:
    made = pypdf.PdfReader(BytesIO(format_of("pdf").write(single())))
    assert len(made.pages) == 1
    assert words_of(made.pages[0].extract_text()) >= words_of(MARKED + TITLES[0])


def test_a_letter_that_no_font_has_is_not_left_out_in_silence() -> None:
    with pytest.raises(Refused, match="no font for “\ue123”") as refused:
        format_of("pdf").write(single("Anna \ue123 ran."))
    assert refused.value.status == 422


@pytest.mark.parametrize("ending", FORMATS)
def test_what_no_file_can_hold_is_left_out(ending: str) -> None:
    made = single("A\x00\x01\x1f\ufeff\ufffe\ud800B\r\nC\u2028D\x0bE\x85F")
    written = format_of(ending).write(made)
    if ending == "pdf":
        assert "AB" in pypdf.PdfReader(BytesIO(written)).pages[0].extract_text()
    else:
        [draft] = files.read(f"x.{ending}", written, split=False)
        assert draft.text == "AB\nC\nD\nE\nF"


def test_there_is_no_book_without_words_and_none_without_end() -> None:
    with pytest.raises(Refused, match="no text"):
        works.bind("T", "", [story(text=" \n\x01")])
    with pytest.raises(Refused, match="Choose fewer"):
        works.bind("T", "", [story(text="x" * MAX_BOOK_LENGTH), story(text="x")])
    with pytest.raises(Refused, match="no such format"):
        format_of("exe")


def test_lines_are_bounded_where_each_is_an_element() -> None:
    for ending in ("epub", "docx", "pdf"):
        assert format_of(ending).most_lines == MOST_LINES
    for ending in ("md", "txt"):
        assert format_of(ending).most_lines is None
    half = [story(text="x\n \ny\n" * 2), story(text="x\n\ny\n\nz\n\n")]
    assert len(works.bind("T", "", half, 7).works) == 2
    with pytest.raises(Refused, match="These are 7 paragraphs and lines"):
        works.bind("T", "", half, 6)


def test_an_archive_has_a_file_a_story() -> None:
    made = archive([story(), story(text=" "), story(TITLES[2], CHINESE)])
    with zipfile.ZipFile(BytesIO(made)) as packed:
        assert packed.namelist() == ["001 Zoë & the Lamp.txt", "002 安娜的灯.txt"]
        assert packed.read("002 安娜的灯.txt").decode() == f"{TITLES[2]}\n\n{CHINESE}\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Anna and Ben walked to the sea.", "en"),
        ("Anna ging mit dem Hund zu der alten Mühle und sah das Licht nicht.", "de"),
        ("Anna non sapeva che era una notte di luna.", "it"),
        ("Анна пошла домой. Anna.", "ru"),
        ("彼女は走った。", "ja"),
        ("그녀는 달렸다.", "ko"),
        ("ذهبت آنا إلى البيت.", "ar"),
        ("她走了。OK", "zh"),
        (HEBREW, "he"),
        ("", "en"),
        ("1 2 3 …", "en"),
    ],
)
def test_the_language_of_a_file(text: str, code: str) -> None:
    assert language_of(text) == code


def test_bold_and_italic_are_real_and_come_back() -> None:
    made = single("He *ran* and **did** say 2*3*4.\n***All* of** it_, and *5*.")
    written = {ending: format_.write(made) for ending, format_ in FORMATS.items()}
    text = written["txt"].decode()
    assert "He ran and did say 2*3*4.\nAll of it_, and 5." in text
    assert "***All* of** it\\_" in written["md"].decode()
    runs = [run for part in docx.Document(BytesIO(written["docx"])).paragraphs for run in part.runs]
    looks = {run.text.strip(): (run.bold, run.italic) for run in runs}
    assert looks["ran"] == (None, True)
    assert looks["did"] == (True, None)
    assert looks["All"] == (True, True)
    page = ElementTree.tostring(pages(written["epub"])["EPUB/story1.xhtml"], encoding="unicode")
    assert re.search(r"<\w+:strong><\w+:em>All</\w+:em></\w+:strong><\w+:strong> of<", page)
    assert "say 2*3*4." in pypdf.PdfReader(BytesIO(written["pdf"])).pages[0].extract_text()
    for ending in ("md", "docx", "epub"):
        [draft] = files.read(f"x.{ending}", written[ending], split=False)
        assert "He *ran* and **did** say 2*3*4." in draft.text
        assert "***All*** **of** it_, and *5*." in draft.text
