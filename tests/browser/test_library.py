"""The library in a browser: a search while typing, and stories that are taken along."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from stories.publishing.reading import files
from tests.browser.conftest import Complaints, Site, give_text, open_story, shot, sign_in, sign_up
from tests.support.seats import SESSION


@pytest.fixture
def library(page: Page, site: Site, complaints: Complaints, request: pytest.FixtureRequest) -> str:
    """The library of a writer with two stories, open in `page`; returns its address."""
    sign_up(page, site, re.sub(r"\W", "", request.node.name)[:40])
    for name, text in (("Ödön", "A fence hummed."), ("Kamala", "Rain fell on the fence.")):
        open_story(page, site, characters=name)
        give_text(page, text)
    page.goto(f"{site.url}/stories/")
    return str(page.url)


def test_stories_are_found_while_typing(page: Page, library: str, complaints: Complaints) -> None:
    # A search that is overtaken by the next letters.
    complaints.expected = ("htmx:sendAbort", "htmx:afterRequest")
    titles = page.locator(".story-card h2")
    expect(titles).to_have_text(["Kamala and the Lantern", "Ödön and the Lantern"])
    search = page.get_by_role("searchbox")
    search.press_sequentially("ödön hum")
    expect(titles).to_have_text(["Ödön and the Lantern"])
    expect(page.locator("mark")).to_have_text(["hum"])
    expect(search).to_be_focused()
    expect(page.locator("#count")).to_have_text("1 story found")
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
    page.context.clear_cookies(name=SESSION)
    page.get_by_role("searchbox").fill("rain")
    page.wait_for_url(re.compile(r"/accounts/login/\?next="))
    name = re.sub(r"\W", "", "test_a_search_after_signing_out_elsewhere_asks_to_sign_in")[:40]
    sign_in(page, name)
    expect(page.locator("mark")).to_have_text(["Rain"])


def test_an_overtaken_search_shows_nothing(
    page: Page, library: str, complaints: Complaints
) -> None:
    complaints.expected = ("htmx:sendAbort", "htmx:afterRequest")
    late: list[Route] = []
    page.route("**/stories/?q=rain*", lambda route: late.append(route))
    search = page.get_by_role("searchbox")
    with page.expect_request("**/stories/?q=rain*"):
        search.fill("rain")
    search.fill("hum")
    expect(page.locator("mark")).to_have_text(["hum"])
    assert len(late) == 1
    expect(page.locator(".story-card h2")).to_have_text(["Ödön and the Lantern"])
    page.unroute_all(behavior="ignoreErrors")


def test_a_search_without_a_server_says_so(
    page: Page, library: str, complaints: Complaints
) -> None:
    complaints.expected = ("net::ERR", "htmx:afterRequest", "htmx:sendError")
    page.route("**/stories/?q=*", lambda route: route.abort())
    page.get_by_role("searchbox").fill("rain")
    expect(page.get_by_role("alert")).to_contain_text("could not be done")
    page.unroute("**/stories/?q=*")
    page.get_by_role("searchbox").fill("hum")
    expect(page.locator("mark")).to_have_text(["hum"])
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_title_typed_after_signing_out_elsewhere_is_kept_after_signing_in(
    page: Page, library: str, complaints: Complaints
) -> None:
    complaints.expected = ("401", "403")
    page.locator(".story-card h2").first.click()
    page.locator("#story-text[contenteditable=true]").wait_for()
    name = page.locator("header .menu summary").inner_text()
    page.context.clear_cookies(name=SESSION)
    page.locator("#title").fill("Another title")
    page.locator("#title").press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again in another tab").click()
    other = opened.value
    sign_in(other, name)
    other.wait_for_url("**/stories/")
    other.close()
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")  # headless windows have no focus to give
    expect(page.get_by_role("alert")).to_have_count(0)
    page.reload()
    expect(page.locator("#title")).to_have_value("Another title")


def test_a_page_older_than_the_sign_in_renews_itself(
    page: Page, library: str, complaints: Complaints
) -> None:
    complaints.expected = "403"  # the first try with the old session's token
    page.locator(".story-card h2").first.click()
    page.locator("#story-text[contenteditable=true]").wait_for()
    name = page.locator("header .menu summary").inner_text()
    other = page.context.new_page()
    page.context.clear_cookies()
    other.goto(library)
    sign_in(other, name)
    other.wait_for_url("**/stories/")
    with page.expect_response(lambda answer: "/title/" in answer.url and answer.ok):
        page.locator("#title").fill("A third title")
        page.locator("#title").press("Tab")
    page.reload()
    expect(page.locator("#title")).to_have_value("A third title")


def test_a_story_is_taken_along_with_what_was_typed_last(
    page: Page, library: str, tmp_path: Path, complaints: Complaints
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
    # What can't be saved is not left out of a file unnoticed.
    page.route("**/text/", lambda route: route.fulfill(status=503, body="{}"))
    complaints.expected = "503"
    page.locator("#story-text").click()
    page.keyboard.type("Not stored.")
    page.get_by_role("link", name="Download").click()
    expect(page.locator("#notice-text")).to_contain_text("not saved yet")
    page.unroute("**/text/")
    expect(page.locator("#saved")).to_have_text("Saved", timeout=15_000)
    page.goto(library)
    page.get_by_role("link", name="Take along").click()
    with page.expect_download() as all_of_them:
        page.get_by_role("link", name="as text files in one archive").click()
    assert all_of_them.value.suggested_filename == "My stories.zip"


def test_a_file_is_brought_in_and_a_book_is_made_of_chosen_stories(
    page: Page, library: str, tmp_path: Path
) -> None:
    page.get_by_role("link", name="Bring in").click()
    shot(page, "bring-in")
    lamp = {"name": "lamp.md", "mimeType": "text/markdown", "buffer": b"# The lamp\n\nIt *burned*."}
    page.get_by_label("Files").set_input_files(lamp)
    page.get_by_role("button", name="Bring in").click()
    page.wait_for_url(re.compile(r"/stories/\d+/$"))
    expect(page.locator("#title")).to_have_value("The lamp")
    expect(page.locator("#story-text em", has_text="burned")).to_have_count(1)
    page.goto(library)
    page.get_by_role("link", name="Take along").click()
    # Marking a story chooses those that are marked.
    page.get_by_role("checkbox", name="The lamp").check()
    page.get_by_role("checkbox", name="Kamala and the Lantern").check()
    shot(page, "make-a-book")
    with page.expect_download() as made:
        page.get_by_role("button", name="Make the book").click()
    assert made.value.suggested_filename == "My stories.epub"
    made.value.save_as(tmp_path / "book.epub")
    drafts = files.read("book.epub", (tmp_path / "book.epub").read_bytes(), split=True)
    titles = [draft.title for draft in drafts]
    assert titles == ["Kamala and the Lantern", "The lamp"]
