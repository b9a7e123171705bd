"""Browsers without what is new: they do without it, or the page says so in words."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, drag_over, open_story, shot, sign_up, stored
from tests.browser.test_writing import type_at_the_end
from tests.support.scripts import TEXTS

NEW = (
    "delete Intl.Segmenter",
    "delete String.prototype.toWellFormed",
    "delete Array.prototype.at; delete String.prototype.at",
    "delete window.reportError",
    # Those of the last years that nothing here may come to need.
    "delete String.prototype.isWellFormed; delete window.structuredClone",
    "for (const name of ['findLast', 'toSorted', 'toSpliced', 'with'])"
    " delete Array.prototype[name]",
    "delete Object.groupBy; delete Object.hasOwn; delete Array.fromAsync; delete Promise.try",
    "delete Promise.withResolvers; delete URL.canParse; delete crypto.randomUUID",
    "delete ReadableStream.prototype[Symbol.asyncIterator]",
)
COUNT = "async (text) => (await import('storaiteller/common/words')).countWords(text)"


def test_an_older_browser_edits(page: Page, site: Site, complaints: Complaints) -> None:
    page.add_init_script(";".join(NEW))
    sign_up(page, site, "older")
    open_story(page, site)
    type_at_the_end(page, "Anna’s lamp 🙂 burns.")
    expect(page.locator("#words")).to_have_text("3 words")
    page.keyboard.press("Enter")
    type_at_the_end(page, "By the sea.")
    drag_over(page, "burns")
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#rewrite-quote")).to_have_text("burns")
    assert stored(site, page).text == "Anna’s lamp 🙂 burns.\n\nBy the sea."
    expect(page.locator("#not-started")).to_be_hidden()


def test_words_are_counted_about_right(page: Page, site: Site, complaints: Complaints) -> None:
    page.add_init_script(NEW[0])
    page.goto(site.url)
    for told in TEXTS:
        if "halves" in told.name:  # which no JSON of Playwright's can hold
            continue
        counted = page.evaluate(COUNT, told.text)
        assert abs(counted - told.words) <= max(2, told.words * 0.7), told.name


def test_halves_of_characters_are_replaced(page: Page, site: Site, complaints: Complaints) -> None:
    page.add_init_script(NEW[1])
    page.goto(site.url)
    read = "async () => (await import('storaiteller/common/older'), 'a\\ud83db🙂'.toWellFormed())"
    assert page.evaluate(read) == "a\ufffdb🙂"


@pytest.mark.parametrize("kept", ["WebSocket", "a module"])
def test_a_page_that_does_not_start_says_so(
    page: Page, site: Site, complaints: Complaints, kept: str
) -> None:
    sign_up(page, site, f"dead{len(kept)}")
    open_story(page, site)
    type_at_the_end(page, "Once upon a time.")
    complaints.expected = ("WebSocket", "net::ERR_FAILED")
    if kept == "WebSocket":
        page.add_init_script("delete window.WebSocket")
    else:
        page.route("**/bundles/*.js", lambda route: route.abort())
    page.reload()
    expect(page.locator("#not-started")).to_be_visible()
    expect(page.locator("#not-started")).to_contain_text("a newer browser")
    expect(page.locator("#story-text")).to_contain_text("Once upon a time.")
    page.locator("#not-started").scroll_into_view_if_needed()
    shot(page, "not-started")
