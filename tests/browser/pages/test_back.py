"""Back leads to what is there now, whether the browser keeps pages or asks for them again.

Playwright's Chromium keeps none.
"""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, stored, wait_until_all_is_saved
from tests.browser.test_nothing_lost import append_unsaved, fail_saves
from tests.browser.test_writing import SAVED, type_at_the_end

# As a browser does that keeps the page whole: the socket is closed in between.
LEAVE = "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"
RETURN = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


def go_to_library(page: Page) -> None:
    """Leave the story by a link."""
    page.get_by_role("link", name="My stories").click()
    page.wait_for_url("**/stories/")


def test_back_shows_the_story_as_it_stands(page: Page, story: str, site: Site) -> None:
    type_at_the_end(page, "Typed before.")
    go_to_library(page)
    page.go_back()
    text = page.locator("#story-text")
    expect(text).to_have_text("Typed before.")
    type_at_the_end(page, " Typed after.")
    expect(page.locator("#conflict")).to_be_hidden()
    assert stored(site, page).text == "Typed before. Typed after."


def test_back_brings_what_could_not_be_saved(
    page: Page, story: str, site: Site, complaints: Complaints
) -> None:
    type_at_the_end(page, "Saved words.")
    fail_saves(page, complaints)
    append_unsaved(page, " Precious words.")
    go_to_library(page)
    page.unroute("**/text/")
    page.go_back()
    expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")
    wait_until_all_is_saved(page)
    assert stored(site, page).text == "Saved words. Precious words."


def test_back_keeps_settings_that_were_not_submitted(page: Page, story: str) -> None:
    page.get_by_label("Story keywords").fill("a bell under the ice")
    page.get_by_label("Genre").select_option("Gothic")
    page.get_by_label("Final twist").check()
    go_to_library(page)
    page.go_back()
    expect(page.get_by_label("Story keywords")).to_have_value("a bell under the ice")
    expect(page.get_by_label("Genre")).to_have_value("Gothic")
    expect(page.get_by_label("Final twist")).to_be_checked()
    page.goto(story)  # not by Back: as they are stored
    expect(page.get_by_label("Story keywords")).to_have_value("lantern, old map")


def test_a_kept_page_looks_again(page: Page, story: str, site: Site) -> None:
    type_at_the_end(page, "Typed here.")
    page.evaluate(LEAVE)
    other = page.context.new_page()
    other.goto(story)
    type_at_the_end(other, " Typed there.")
    other.close()
    page.evaluate(RETURN)
    expect(page.locator("#story-text")).to_have_text("Typed here. Typed there.")
    type_at_the_end(page, " Typed again.")
    expect(page.locator("#conflict")).to_be_hidden()
    assert stored(site, page).text == "Typed here. Typed there. Typed again."


def test_a_kept_page_keeps_what_is_not_saved(
    page: Page, story: str, complaints: Complaints
) -> None:
    type_at_the_end(page, "Saved words.")
    fail_saves(page, complaints)
    append_unsaved(page, " Precious words.")
    page.evaluate(LEAVE)
    page.unroute("**/text/")
    page.evaluate(RETURN)
    expect(page.locator("#saved")).to_have_text(SAVED)
    expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")


def test_a_kept_library_lists_what_is_there(page: Page, story: str) -> None:
    type_at_the_end(page, "A story of mine.")
    go_to_library(page)
    expect(page.locator(".story-card")).to_have_count(1)
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Delete").click()
    expect(other.locator(".story-card")).to_have_count(0)
    page.evaluate(RETURN)
    expect(page.locator(".story-card")).to_have_count(0)
