"""The library in a browser: a search while typing, and stories that are taken along."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, give_text, open_story, shot, sign_up


@pytest.fixture
def library(page: Page, site: Site, complaints: Complaints, request: pytest.FixtureRequest) -> str:
    """The library of a writer with two stories, open in `page`; returns its address."""
    sign_up(page, site, re.sub(r"\W", "", request.node.name)[:40])
    for name, text in (("Ödön", "A fence hummed."), ("Kamala", "Rain fell on the fence.")):
        open_story(page, site, characters=name)
        give_text(page, text)
    page.goto(f"{site.url}/stories/")
    return str(page.url)


def test_stories_are_found_while_typing(page: Page, library: str) -> None:
    titles = page.locator(".story-card h2")
    expect(titles).to_have_text(["Kamala and the Lantern", "Ödön and the Lantern"])
    search = page.get_by_role("searchbox")
    search.press_sequentially("ödön hum")
    expect(titles).to_have_text(["Ödön and the Lantern"])
    expect(page.locator("mark")).to_have_text(["hum"])
    expect(search).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("1 story found")
    # The address keeps it, for a reload and for the way back from a story.
    titles.first.click()
    page.wait_for_url(re.compile(r"/stories/\d+/$"))
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("ödön hum")
    expect(titles).to_have_text(["Ödön and the Lantern"])
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.locator(".empty")).to_contain_text("No story of yours")
    shot(page, "library-nothing-found")
    page.get_by_role("searchbox").fill("")
    expect(titles).to_have_count(2)
    page.get_by_label("Good stories only").check()
    expect(page.locator(".empty")).to_contain_text("not marked a story as good")
    page.get_by_role("link", name="All stories").click()
    expect(titles).to_have_count(2)


def test_a_search_after_signing_out_elsewhere_asks_to_sign_in(page: Page, library: str) -> None:
    page.context.clear_cookies()
    page.get_by_role("searchbox").fill("fence")
    page.wait_for_url(re.compile(r"/accounts/login/\?next="))
    assert "q%3Dfence" not in page.url, "the address was not changed yet"


def test_a_story_is_taken_along_with_what_was_typed_last(
    page: Page, library: str, tmp_path: Path
) -> None:
    page.locator(".story-card h2").first.click()
    page.locator("#story-text[contenteditable=true]").click()
    page.keyboard.press("Control+End")
    with page.expect_download() as taken:
        page.keyboard.type(" Then it stopped.")
        page.get_by_role("link", name="Download").click()
    assert taken.value.suggested_filename == "Kamala and the Lantern.txt"
    taken.value.save_as(tmp_path / "story.txt")
    text = (tmp_path / "story.txt").read_text(encoding="utf-8")
    assert text == "Kamala and the Lantern\n\nRain fell on the fence. Then it stopped.\n"
    shot(page, "story-with-download")
    page.goto(library)
    with page.expect_download() as all_of_them:
        page.get_by_role("link", name="Download all").click()
    assert all_of_them.value.suggested_filename == "My stories.zip"
