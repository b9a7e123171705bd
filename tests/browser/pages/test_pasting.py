"""What is pasted comes in paragraphs, whichever program it is from."""

from pathlib import Path

from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Complaints, Site, give_text, shot, stored
from tests.browser.pages.shapes import SHAPES
from tests.browser.test_writing import SAVED

CASES = Path(__file__).resolve().parents[2] / "cases"
READ = "async (html) => (await import('storaiteller/editor/html_text')).textOfHTML(html)"


def paste(page: Page, **data: str) -> None:
    """Paste `html` and `plain` where the caret is."""
    page.evaluate(
        """({ html, plain }) => {
          const clipboardData = new DataTransfer();
          if (html !== undefined) clipboardData.setData("text/html", html);
          if (plain !== undefined) clipboardData.setData("text/plain", plain);
          const event = { clipboardData, bubbles: true, cancelable: true };
          document.getElementById("story-text").dispatchEvent(new ClipboardEvent("paste", event));
        }""",
        data,
    )


def pasted(page: Page, site: Site, **data: str) -> str:
    """Paste into the open story; return what is stored."""
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    paste(page, **data)
    expect(page.locator("#saved")).to_have_text(SAVED)
    return stored(site, page).text


def test_every_shape_is_read_as_it_was_seen(page: Page, site: Site, complaints: Complaints) -> None:
    page.goto(site.url)
    assert {shape.name: page.evaluate(READ, shape.html) for shape in SHAPES} == {
        shape.name: shape.text for shape in SHAPES
    }


def test_what_is_deep_or_too_long_is_read_too(
    page: Page, site: Site, complaints: Complaints
) -> None:
    page.goto(site.url)
    assert page.evaluate(READ, "<b>" * 20_000 + "deep") == "**deep**"
    for tag in ("div", "table><tr><td", "li", "pre"):
        assert page.evaluate(READ, f"<{tag}>" * 20_000 + "deep") == "deep", tag
    many = "<p>word" * 20_000
    assert page.evaluate(READ, many) == "\n\n".join(["word"] * 20_000)
    assert page.evaluate(f"html => ({READ})(html.repeat(2_000_000))", "<p>one") == ""


def test_a_document_comes_in_paragraphs(page: Page, story: str, site: Site) -> None:
    html = (CASES / "paste_gdocs.html").read_text()
    assert pasted(page, site, html=html, plain="One.\n\n\nTwo.\n* item") == "One.\n\nTwo.\n\nitem"
    expect(page.locator("#story-text > p")).to_have_text(["One.", "Two.", "item"])


def test_cells_stand_apart(page: Page, story: str, site: Site) -> None:
    html = (CASES / "paste_table.html").read_text()
    assert pasted(page, site, html=html, plain="AnnaBensealand") == "Anna\tBen\nsea\tland"
    shot(page, "pasted-table")


def test_a_paste_goes_on_where_the_caret_is(page: Page, story: str, site: Site) -> None:
    give_text(page, "Before.\n\nHere:")
    assert pasted(page, site, html="<p>One</p><p>Two</p>") == "Before.\n\nHere:One\n\nTwo"
    page.keyboard.type("!")
    expect(page.locator("#story-text > p").last).to_have_text("Two!")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator("#story-text > p")).to_have_text(["Before.", "Here:"])


def test_plain_text_where_there_is_no_other(page: Page, story: str, site: Site) -> None:
    picture = '<img src="x.png">'
    text = pasted(page, site, html=picture, plain="One\r\n\r\n \r\nTwo\r\nthree")
    assert text == "One\n\nTwo\nthree"
    page.keyboard.press("Control+a")
    paste(page, html=picture)  # nothing that a story could hold
    expect(page.locator("#story-text")).to_contain_text("One")


def test_a_copy_of_a_story_is_the_same_to_the_letter(page: Page, story: str, site: Site) -> None:
    text = "One  two \xa0 three\n four\n\n<b>five</b> & six"
    give_text(page, text)
    page.locator("#story-text").click()
    page.keyboard.press("Control+a")
    copied = page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          const event = { clipboardData, bubbles: true, cancelable: true };
          document.getElementById("story-text").dispatchEvent(new ClipboardEvent("copy", event));
          return clipboardData.getData("text/html");
        }"""
    )
    page.wait_for_timeout(200)  # nobody is quicker; an editor overlooks who is
    page.keyboard.press("Control+End")
    page.wait_for_timeout(200)  # nobody is quicker; an editor overlooks who is
    page.keyboard.press("Enter")
    paste(page, html=copied, plain="not this")
    expect(page.locator("#saved")).to_have_text(SAVED)
    assert stored(site, page).text == f"{text}\n\n{text}"


def test_no_pasted_markup_runs(page: Page, story: str, site: Site) -> None:
    html = "<img src=x onerror=alert(1)><p style='color: red' onclick=alert(2)>Words</p>"
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    assert pasted(page, site, html=html) == "Words"
    assert dialogs == []
