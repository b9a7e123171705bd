"""The main job: a newcomer signs up, and the shipped model streams a story into the page."""

import re

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Complaints, Site, fill_settings, shot, sign_up

PHONE: ViewportSize = {"width": 390, "height": 844}
LONG = 30_000  # milliseconds


def test_a_newcomer_writes_a_story(page: Page, site: Site, complaints: Complaints) -> None:
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("your own machine")
    shot(page, "landing")
    sign_up(page, site, "alice")
    shot(page, "library-empty")
    page.get_by_role("link", name="New story").first.click()
    expect(page.get_by_text("the small model that comes with the app")).to_be_visible()
    shot(page, "settings-empty")
    fill_settings(page)
    page.get_by_label("Final twist").check()
    shot(page, "settings")
    page.get_by_role("button", name="Submit").click()

    page.wait_for_url(re.compile(r"/stories/\d+/$"))
    expect(page.locator("#prompt")).to_contain_text("maximum 200 words")
    expect(page.locator("#prompt")).to_contain_text("must have a twist")
    shot(page, "empty")
    text = page.locator("#story-text")
    page.get_by_role("button", name="Write a new story").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(text).not_to_have_text("", timeout=LONG)
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    expect(page.locator("#report")).to_contain_text("pocket")
    expect(page.locator("#by")).to_have_text("Written by pocket")
    words = text.inner_text().split()
    assert 20 < len(words) <= 200
    page.evaluate("scrollTo(0, 0)")
    shot(page, "done")

    for name in ("Regenerate the story", "Continue", "Good story"):
        expect(page.get_by_role("button", name=name)).to_be_enabled()
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.locator("#take-label")).to_have_text("Take 2 of 2", timeout=LONG)

    page.emulate_media(color_scheme="dark")
    shot(page, "dark")
    page.set_viewport_size(PHONE)
    page.reload()
    expect(page.locator("#words")).to_contain_text("words")
    shot(page, "phone-dark")
    page.emulate_media(color_scheme="light")
    shot(page, "phone")
    written = text.inner_text()
    page.reload()
    expect(text).to_have_text(written, use_inner_text=True)
    page.goto(f"{site.url}/stories/")
    expect(page.locator(".story-card")).to_have_count(1)
    expect(page.locator(".excerpt")).to_contain_text(written[:60])
    shot(page, "phone-library")
