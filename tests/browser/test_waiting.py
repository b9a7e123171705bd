"""The line in front of the model, as writers see it who come when it is busy."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    Complaints,
    Site,
    drag_over,
    give_text,
    open_story,
    shot,
    sign_up,
    stored,
)

SOON = 15_000  # milliseconds
TEXT = "It rained all day. Anna slept. Nobody came."


@pytest.fixture
def others(browser: Browser) -> Iterator[list[Page]]:
    """Windows of two other writers."""
    contexts = [browser.new_context() for _ in range(2)]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def says(page: Page, words: str) -> None:
    """Wait until the page says `words` of how the writing stands."""
    expect(page.locator("#status")).to_contain_text(words, timeout=SOON)


def ask(page: Page) -> None:
    """Ask for another text of the open story, in the place of `TEXT`."""
    page.get_by_role("button", name="Regenerate the story").click()


def stop(page: Page) -> None:
    """Stop what is written, or leave the line."""
    page.get_by_role("button", name="Stop").click()


@pytest.fixture
def line(page: Page, others: list[Page], busy_site: Site, complaints: Complaints) -> list[Page]:
    """Windows of three writers: one is written for, one is next, and `page` has a story."""
    windows = [*others, page]
    for window, name in zip(windows, ("anna", "ben", "chloe"), strict=True):
        sign_up(window, busy_site, f"{name}{uuid4().hex[:8]}")
        open_story(window, busy_site)
    for window, words in zip(others, ("Writing…", "Next in line, while others are"), strict=True):
        window.get_by_role("button", name="Write a new story").click()
        says(window, words)
    expect(others[0].locator("#story-text")).to_contain_text("lantern", timeout=SOON)
    give_text(page, TEXT)
    return windows


def test_the_place_is_shown_and_counts_down_in_every_tab(line: list[Page]) -> None:
    anna, ben, page = line
    ben.set_viewport_size({"width": 390, "height": 740})
    ben.emulate_media(color_scheme="dark")
    ben.locator("#side > summary").click()
    shot(ben, "in-line-dark")
    ask(page)
    says(page, "2nd in line")
    # What there is can be read until then, and not be changed.
    expect(page.locator("#story-text")).to_contain_text("Anna slept.")
    expect(page.locator("#story-text[contenteditable=true]")).to_have_count(0)
    shot(page, "in-line")
    page.set_viewport_size({"width": 390, "height": 740})
    shot(page, "in-line-phone")

    page.reload()
    says(page, "2nd in line")
    tab = page.context.new_page()
    tab.goto(page.url)
    says(tab, "2nd in line")

    stop(anna)
    says(page, "Next in line")
    says(tab, "Next in line")
    expect(ben.locator("#story-text")).to_contain_text("lantern", timeout=SOON)
    for window in (page, ben):
        stop(window)


def test_stop_leaves_the_line_in_every_tab_and_changes_nothing(
    line: list[Page], busy_site: Site
) -> None:
    anna, ben, page = line
    ask(page)
    says(page, "2nd in line")
    tab = page.context.new_page()
    tab.goto(page.url)
    says(tab, "2nd in line")
    stop(anna)
    says(tab, "Next in line")
    stop(tab)
    for left in (tab, page):
        says(left, "You left the line. Everything is as it was.")
        expect(left.locator("#story-text[contenteditable=true]")).to_contain_text("Anna slept.")
    assert (stored(busy_site, page).text, stored(busy_site, page).version) == (TEXT, 1)

    ask(page)
    says(page, "Next in line")
    stop(ben)
    says(page, "Writing…")
    expect(page.locator("#story-text")).to_contain_text("Anna lifted the lantern", timeout=SOON)
    expect(page.locator("#story-text")).not_to_contain_text("Nobody came.")
    stop(page)
    says(page, "Stopped. What was written is kept.")


def test_a_rewrite_waits_with_its_passage_in_sight(
    page: Page, others: list[Page], busy_site: Site, complaints: Complaints
) -> None:
    other = others[0]
    for window, name in ((other, "dora"), (page, "emil")):
        sign_up(window, busy_site, name)
        open_story(window, busy_site)
    other.get_by_role("button", name="Write a new story").click()
    expect(other.locator("#story-text")).to_contain_text("lantern", timeout=SOON)
    give_text(page, TEXT)
    drag_over(page, "Anna slept.")
    page.get_by_role("button", name="Rewrite this part").click()
    page.get_by_role("button", name="Regenerate selected part only").click()
    says(page, "Next in line")
    expect(page.locator("#story-text .replaced")).to_have_text("Anna slept.")
    shot(page, "in-line-rewrite")
    stop(page)
    says(page, "You left the line. Everything is as it was.")
    expect(page.locator("#story-text .marked")).to_have_text("Anna slept.")
    page.get_by_role("button", name="Regenerate selected part only").click()
    says(page, "Next in line")
    stop(other)
    says(page, "Rewriting…")
    expect(page.get_by_role("button", name="Keep")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Discard").click()
    assert stored(busy_site, page).text == TEXT
