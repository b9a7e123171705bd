"""On paper a story is a title and a text, whatever the screen shows around them."""

import re
from io import BytesIO

import pypdf
from playwright.sync_api import Page, expect

from tests.browser.conftest import OUTPUT, Site, drag_over, give_text, shot
from tests.browser.pages.conftest import name_it

PARAGRAPH = "Anna lifted the lantern and looked out over the grey sea, where nothing moved. " * 9
STORY = "\n\n".join(f"Paragraph {number}. {PARAGRAPH.strip()}" for number in range(1, 21))
TITLE = "The lamp of the old lighthouse"


def printed(page: Page, name: str) -> pypdf.PdfReader:
    """Print `page` on A4 paper, and leave the file to look at."""
    OUTPUT.mkdir(exist_ok=True)
    made = page.pdf(path=OUTPUT / f"{name}.pdf", prefer_css_page_size=True, format="A4")
    return pypdf.PdfReader(BytesIO(made))


def words(text: str) -> str:
    """Return `text` with single spaces."""
    return " ".join(text.split())


def numbered(made: pypdf.PdfReader) -> str:
    """Return the words of the pages, which have their numbers at the foot, but for the first."""
    pages = [words(sheet.extract_text()) for sheet in made.pages]
    for number, text in enumerate(pages[1:], start=2):
        assert re.search(rf"^{number} | {number}$", text), text[-60:]
    return words(" ".join(re.sub(r"^\d+ | \d+$", "", text) for text in pages))


def test_a_story_is_printed_as_a_page_to_give_away(page: Page, story: str, site: Site) -> None:
    give_text(page, STORY)
    name_it(page, TITLE)
    for scheme in ("light", "dark"):
        page.emulate_media(media="null", color_scheme=scheme)
        made = printed(page, f"story-{scheme}")
        assert len(made.pages) > 2
        assert numbered(made) == words(f"{TITLE} {STORY}")
        page.emulate_media(media="print", color_scheme=scheme)
        expect(page.locator("body")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        expect(page.locator("#story-text")).to_have_css("color", "rgb(0, 0, 0)")
        shot(page, f"print-{scheme}")


def test_what_is_proposed_is_not_printed(page: Page, story: str, site: Site) -> None:
    give_text(page, "Anna lifted the lantern. Ben slept.")
    drag_over(page, "Ben slept")
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#rewrite")).to_be_visible()
    page.emulate_media(media="print")
    for hidden in ("header.site", "#side", "#dock", "#rewrite", "#take-along", "#report", ".by"):
        for place in page.locator(hidden).all():
            expect(place).to_be_hidden()
    expect(page.locator("#story-text")).to_be_visible()
    mark = page.locator("#story-text .marked")
    assert mark.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_page_to_read_is_printed_the_same(page: Page, story: str, site: Site) -> None:
    give_text(page, STORY)
    name_it(page, TITLE)
    page.get_by_role("button", name="Make a link to read").click()
    page.goto(page.locator("#link-address").input_value())
    page.emulate_media(color_scheme="dark")
    made = printed(page, "read")
    assert numbered(made) == words(f"{TITLE} {STORY}")


def test_a_version_is_printed_without_its_buttons(page: Page, story: str, site: Site) -> None:
    give_text(page, "Anna lifted the lantern.")
    give_text(page, "Anna lifted the lamp.")
    page.goto(f"{story}versions/1/")
    text = words(printed(page, "version").pages[0].extract_text())
    assert "Anna lifted the lantern." in text
    for label in ("My stories", "Restore", "Back to"):
        assert label not in text
