"""Each paragraph in the direction of its first letter, wherever a story or its title is shown."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints, Site, deafen, give_text, shot
from tests.browser.pages.conftest import name_it

HEBREW = (Path(__file__).resolve().parents[2] / "cases" / "hebrew.txt").read_text().strip()
ENGLISH = "And one in English."
RIGHT, LEFT = "rtl", "ltr"
# How far the ink of an element's first line is from the sides of its box.
SIDES = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const [line] = range.getClientRects();
  const box = element.getBoundingClientRect();
  return [line.left - box.left, box.right - line.right];
}"""


def has_direction(place: Locator, direction: str) -> None:
    """Expect the direction of an element's text."""
    expect(place).to_have_css("direction", direction)


def begins_right(place: Locator) -> bool:
    """Tell whether the text lies at the right of its box."""
    left, right = place.evaluate(SIDES)
    return bool(left > right)


def test_a_story_is_laid_out_by_paragraph(page: Page, story: str, site: Site) -> None:
    give_text(page, f"{HEBREW}\n\n{ENGLISH}")
    hebrew, english = page.locator("#story-text > p").all()
    has_direction(hebrew, RIGHT)
    has_direction(english, LEFT)
    assert (begins_right(hebrew), begins_right(english)) == (True, False)
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("ילדה")
    has_direction(page.locator("#story-text > p").last, RIGHT)
    name_it(page, HEBREW)
    has_direction(page.get_by_label("Title"), RIGHT)
    page.locator("#side > summary").click()
    page.get_by_label("Main characters' names").fill("דנה")
    has_direction(page.get_by_label("Main characters' names"), RIGHT)
    page.evaluate("scrollTo(0, 0)")
    shot(page, "direction")


def test_versions_and_differences_too(page: Page, story: str, site: Site) -> None:
    give_text(page, f"{HEBREW}\n\n{ENGLISH}")
    give_text(page, f"{HEBREW} שלום\n\n{ENGLISH} Again.")
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("dialog").get_by_text("Version 2", exact=True).click()
    shown = page.locator("#version-view")
    assert begins_right(shown.locator(".diff"))
    shot(page, "direction-difference")
    shown.get_by_label("The text").check()
    hebrew, english = shown.locator(".whole p").all()
    assert (begins_right(hebrew), begins_right(english)) == (True, False)
    page.get_by_role("button", name="Close").click()
    # The same without JavaScript's help: as the page comes from the server.
    page.goto(f"{story}versions/2/")
    has_direction(page.locator(".whole p").first, RIGHT)


def test_the_library_and_the_link_to_read_too(page: Page, story: str, site: Site) -> None:
    give_text(page, f"{HEBREW}\n\n{ENGLISH}")
    name_it(page, HEBREW)
    page.get_by_role("button", name="Make a link to read").click()
    address = page.locator("#link-address").input_value()
    page.get_by_role("link", name="My stories").click()
    has_direction(page.locator(".story-card h2"), RIGHT)
    has_direction(page.locator(".story-card .excerpt"), RIGHT)
    page.goto(address)
    hebrew, english = page.locator("article p").all()
    assert (begins_right(hebrew), begins_right(english)) == (True, False)


def test_two_texts_to_choose_between(
    page: Page, story: str, site: Site, complaints: Complaints
) -> None:
    complaints.expected = "409 (Conflict)"
    give_text(page, HEBREW)
    deafen(page)  # or it would follow the other one
    page.reload()
    other = page.context.new_page()
    other.goto(story)
    give_text(other, f"{HEBREW} שלום")
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" ילדה")
    mine = page.locator("#conflict-mine")
    expect(mine).to_be_visible()
    assert begins_right(mine)
