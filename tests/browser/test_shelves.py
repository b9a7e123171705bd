"""Filters, tags and the trash in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, give_text, open_story, shot, sign_in, sign_up
from tests.support.seats import SESSION


@pytest.fixture
def library(page: Page, site: Site, complaints: Complaints, request: pytest.FixtureRequest) -> str:
    """The library of a writer with two stories, the later one unfinished; returns its address."""
    sign_up(page, site, re.sub(r"\W", "", request.node.name)[:40])
    for name, text in (("Zoe", "A fence hummed."), ("Kamala", "Rain fell on the")):
        open_story(page, site, characters=name)
        give_text(page, text)
    page.goto(f"{site.url}/stories/")
    return str(page.url)


def test_back_leads_to_what_was_shown_before(page: Page, library: str) -> None:
    titles = page.locator(".story-card h2")
    expect(titles).to_have_text(["Kamala and the Lantern", "Zoe and the Lantern"])
    page.get_by_label("Unfinished").check()
    expect(titles).to_have_text(["Kamala and the Lantern"])
    page.wait_for_url("**/stories/?unfinished=1")
    page.get_by_label("Sort by").select_option("Title")
    page.wait_for_url("**/stories/?unfinished=1&sort=title")
    page.get_by_role("searchbox").press_sequentially("rain")
    page.wait_for_url("**/stories/?q=rain&unfinished=1&sort=title")
    page.go_back()
    page.wait_for_url("**/stories/?unfinished=1")
    expect(page.get_by_label("Unfinished")).to_be_checked()
    expect(page.get_by_label("Sort by")).to_have_value("touched")
    page.go_back()
    expect(titles).to_have_count(2)
    expect(page.get_by_label("Unfinished")).not_to_be_checked()
    assert page.url == library


def test_stories_are_sorted_and_namesakes_told_apart(page: Page, site: Site, library: str) -> None:
    titles, sort = page.locator(".story-card h2"), page.get_by_label("Sort by")
    kamala, zoe = "Kamala and the Lantern", "Zoe and the Lantern"
    expect(titles).to_have_text([kamala, zoe])
    page.locator(".story-card").nth(1).get_by_role("link", name=zoe).click()
    page.locator("#story-text[contenteditable=true]").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" All night.")
    expect(page.locator("#saved")).to_have_text("Saved")
    page.goto(library)
    # Each order is the other one's contrary, so that each is seen to come.
    expect(titles).to_have_text([zoe, kamala])  # last touched
    sort.select_option("Newest")
    expect(titles).to_have_text([kamala, zoe])
    sort.select_option("Longest")
    expect(titles).to_have_text([zoe, kamala])
    sort.select_option("Title")
    expect(titles).to_have_text([kamala, zoe])
    expect(page.locator(".story-card .apart")).to_have_count(0)
    open_story(page, site, characters="Zoe")
    page.goto(f"{library}?sort=title")
    expect(titles).to_have_text([kamala, zoe, zoe])
    expect(page.locator(".story-card .apart")).to_have_text([re.compile("^Begun .*")] * 2)
    shot(page, "library-namesakes")


def test_tags_are_put_on_and_chosen_by(page: Page, library: str) -> None:
    card = page.locator(".story-card").first
    card.get_by_text("Add tags").click()
    field = card.get_by_label("New tags")
    field.fill("sea, old map")
    field.press("Enter")
    expect(card.locator("ul.tags li")).to_have_text(["old map", "sea"])
    field.fill("x" * 40 + "y")
    field.press("Enter")
    expect(card.get_by_role("alert")).to_contain_text("at most 40")
    shot(page, "library-tags")
    card.get_by_role("button", name="Remove the tag “old map”").click()
    expect(card.locator("ul.tags li")).to_have_text(["sea"])
    expect(card.locator("summary")).to_be_focused()
    choose = page.get_by_role("combobox", name="Tag", exact=True)
    expect(choose.locator("option")).to_have_text(["Any", "sea (1)"])
    other = page.locator(".story-card").nth(1)
    other.get_by_text("Add tags").click()
    other.get_by_role("button", name="Add the tag “sea”").click()
    expect(other.locator("ul.tags li")).to_have_text(["sea"])
    expect(choose.locator("option")).to_have_text(["Any", "sea (2)"])
    other.locator("ul.tags").get_by_role("link", name="sea").click()
    page.wait_for_url("**/stories/?tag=sea")
    expect(page.locator(".story-card")).to_have_count(2)
    expect(choose).to_have_value("sea")
    card.get_by_text("Edit tags").click()
    card.get_by_role("button", name="Remove the tag “sea”").click()
    expect(page.locator(".story-card")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1 story found")
    expect(page.locator("#found")).to_be_focused()


def test_a_tag_taken_off_after_signing_out_elsewhere_is_off_after_signing_in(
    page: Page, library: str, complaints: Complaints
) -> None:
    complaints.expected = ("401", "403")
    card = page.locator(".story-card").first
    card.get_by_text("Add tags").click()
    card.get_by_label("New tags").fill("sea, ice")
    card.get_by_label("New tags").press("Enter")
    expect(card.locator("ul.tags li")).to_have_text(["ice", "sea"])
    name = page.locator("header .menu summary").inner_text()
    page.context.clear_cookies(name=SESSION)
    card.get_by_role("button", name="Remove the tag “ice”").click()
    expect(page.get_by_role("alert")).to_contain_text("You are signed out")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again in another tab").click()
    other = opened.value
    sign_in(other, name)
    other.wait_for_url("**/stories/")
    other.close()
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")  # headless windows have no focus to give
    expect(card.locator("ul.tags li")).to_have_text(["sea"])


def test_a_story_goes_into_the_trash_and_comes_back(page: Page, library: str) -> None:
    page.get_by_role("button", name="Delete “Zoe and the Lantern”").click()
    expect(page.locator(".notice")).to_contain_text("for 30 days")
    page.get_by_role("link", name="Trash 1 in it").click()
    expect(page.locator(".story-card h2")).to_have_text(["Zoe and the Lantern"])
    shot(page, "trash")
    page.get_by_text("Remove for good", exact=True).click()
    expect(page.get_by_role("button", name="Yes, remove")).to_be_visible()
    page.get_by_role("button", name="Bring back").click()
    expect(page.locator(".empty")).to_have_text("The trash is empty.")
    page.get_by_role("link", name="My stories").first.click()
    expect(page.locator(".story-card")).to_have_count(2)
