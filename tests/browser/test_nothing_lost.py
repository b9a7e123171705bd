"""What is typed stays, whatever else happens: failing saves, other tabs, crashes, signed out."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from prose import words
from stories.live import close_codes
from tests.browser.conftest import Complaints, Site, deafen, open_story, shot, sign_in, sign_up
from tests.browser.test_writing import SAVED, type_at_the_end

LONG = 20_000  # milliseconds
CONFLICTS = ("net::ERR_FAILED", "409")  # what the browser says of a save that is refused


@pytest.fixture
def story(
    page: Page, slow_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A signed-in writer's empty story, open in `page`; returns its address."""
    sign_up(page, slow_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, slow_site)
    return str(page.url)


def fail_saves(page: Page, complaints: Complaints) -> None:
    """Cut every save of `page`."""

    def cut(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    complaints.expected = "net::ERR_FAILED"
    page.route("**/text/", cut)


def append_unsaved(page: Page, text: str) -> None:
    """Type `text` at the end; it can't be saved."""
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)
    expect(page.locator("#saved")).to_contain_text("trying again")


def stop(page: Page) -> None:
    """Stop the writing."""
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=LONG)


def second_tab(page: Page, story: str, *, deaf: bool = False) -> Page:
    """Open the story in a second tab; one that is deaf follows nothing that others save."""
    second = page.context.new_page()
    if deaf:
        deafen(second)
    second.goto(story)
    expect(second.locator("#story-text[contenteditable]")).to_be_visible()
    return second


def test_nothing_replaces_edits_that_are_not_saved(
    page: Page, story: str, complaints: Complaints
) -> None:
    type_at_the_end(page, "Saved words.")
    fail_saves(page, complaints)
    append_unsaved(page, " Precious words.")
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.get_by_role("alert")).to_contain_text("Your edits are not saved yet")
    expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")
    page.unroute("**/text/")
    expect(page.locator("#saved")).to_have_text(SAVED, timeout=LONG)
    page.reload()
    expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")


def test_edits_survive_a_writing_that_another_tab_starts(
    page: Page, story: str, complaints: Complaints
) -> None:
    type_at_the_end(page, "Saved words.")
    other = second_tab(page, story)
    page.bring_to_front()
    fail_saves(page, complaints)
    append_unsaved(page, " Precious words.")
    other.get_by_role("button", name="Regenerate the story").click()
    expect(page.locator("#story-text")).to_contain_text("Anna lifted", timeout=LONG)
    page.unroute("**/text/")
    complaints.expected = CONFLICTS
    stop(other)
    expect(page.locator("#conflict-mine")).to_have_text("Saved words. Precious words.")
    expect(page.locator("#conflict-theirs")).to_contain_text("Anna lifted")
    page.reload()  # a page closed before the choice
    expect(page.locator("#conflict-mine")).to_have_text("Saved words. Precious words.")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator("#saved")).to_have_text(SAVED, timeout=LONG)
    page.reload()
    expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")


def test_nothing_is_typed_into_a_text_that_is_not_chosen_yet(page: Page, story: str) -> None:
    other = second_tab(page, story, deaf=True)
    type_at_the_end(page, "The first tab's words.")
    other.locator("#story-text").click()
    other.keyboard.type("The second tab's words.")
    expect(other.locator("#conflict")).to_be_visible()
    expect(other.locator("#story-text")).to_have_attribute("contenteditable", "false")
    expect(other.locator("#conflict")).to_be_focused()
    other.get_by_role("button", name="Keep mine").click()
    other.keyboard.press("Control+End")
    other.keyboard.type(" And more.")
    expect(other.locator("#saved")).to_have_text(SAVED, timeout=LONG)
    other.reload()
    expect(other.locator("#story-text")).to_have_text("The second tab's words. And more.")


def test_a_tabs_draft_is_left_alone_by_another_tab(
    page: Page, story: str, complaints: Complaints
) -> None:
    type_at_the_end(page, "Saved words.")
    other = second_tab(page, story)
    page.bring_to_front()
    fail_saves(page, complaints)
    append_unsaved(page, " Precious words.")
    other.bring_to_front()
    type_at_the_end(other, " Others.")
    page.goto("about:blank")  # the tab crashes
    page.unroute("**/text/")
    complaints.expected = CONFLICTS
    page.goto(story)
    expect(page.locator("#conflict-mine")).to_have_text("Saved words. Precious words.")
    expect(page.locator("#conflict-theirs")).to_have_text("Saved words. Others.")
    expect(page.locator("#conflict-mine mark")).to_have_text("Precious words")
    expect(page.locator("#conflict-theirs mark")).to_have_text("Others")
    shot(page, "conflict-marked")


def test_a_continuation_is_shown_behind_the_text_that_it_goes_on_from(
    page: Page, story: str
) -> None:
    type_at_the_end(page, "The base.")
    stale = second_tab(page, story)
    page.bring_to_front()
    type_at_the_end(page, " Edited since.")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#story-text")).to_contain_text("Nobody had", timeout=LONG)
    shown = str(page.locator("#story-text").inner_text())
    expect(stale.locator("#story-text")).to_contain_text("Nobody had", timeout=LONG)
    assert str(stale.locator("#story-text").inner_text())[:60] == shown[:60]
    stop(page)


def test_a_crash_is_told_truthfully(page: Page, story: str) -> None:
    sockets: list[WebSocketRoute] = []

    def serve(socket: WebSocketRoute) -> None:
        status = "interrupted" if sockets else "running"
        sockets.append(socket)
        told = {"type": "generation", "id": 7, "kind": "write", "status": status, "position": 0}
        socket.send(json.dumps({**told, "base_version": 0, "model": "m", "length": 0}))
        if status == "running":
            text = {"type": "text", "generation": 7, "offset": 0, "text": "Once upon"}
            socket.send(json.dumps(text))

    page.route_web_socket("**/ws/**", serve)
    page.goto(story)
    expect(page.locator("#story-text")).to_contain_text("Once upon")
    sockets[0].close(code=close_codes.FAULT)
    expect(page.locator("#status")).to_contain_text("interrupted", timeout=LONG)


def test_the_keyboard_keeps_its_place(page: Page, story: str) -> None:
    page.locator("#write").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused(timeout=LONG)
    expect(page.locator("#story-text")).to_contain_text("lantern", timeout=LONG)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Continue", exact=True)).to_be_focused(timeout=LONG)


def test_who_is_signed_out_is_told_and_saves_after_signing_in(
    page: Page, slow_site: Site, story: str, complaints: Complaints
) -> None:
    complaints.expected = "403"  # the first try with the old session's token
    type_at_the_end(page, "Saved words.")
    name = page.locator("header .menu summary").inner_text()
    page.context.clear_cookies()
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Precious words.")
    expect(page.locator("#saved")).to_contain_text("sign in again", timeout=LONG)
    expect(page.get_by_role("alert")).to_contain_text("Your text is kept here")
    other = page.context.new_page()
    other.goto(f"{slow_site.url}/accounts/login/")
    sign_in(other, name)
    other.wait_for_url("**/stories/")
    page.bring_to_front()
    expect(page.locator("#saved")).to_have_text(SAVED, timeout=LONG)
    page.reload()
    expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")


def test_the_report_is_about_the_take_that_is_shown(page: Page, story: str) -> None:
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#story-text")).to_contain_text("lantern", timeout=LONG)
    stop(page)
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.locator("#story-text")).to_contain_text("Nobody had", timeout=LONG)
    stop(page)
    for name in ("Earlier take", "Later take"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name=name)).to_be_disabled()
        # As the page counts: a sign that stands alone is no word, wherever the writing stopped.
        count = words.count(page.locator("#story-text").inner_text())
        expect(page.locator("#report dd").first).to_have_text(f"{count} of 200")


def test_the_smallest_phone_scrolls_one_way_only(page: Page, story: str) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    type_at_the_end(page, "word " * 30)
    shot(page, "smallest-phone")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_undo_to_fewer_paragraphs_is_no_edit(page: Page, story: str) -> None:
    type_at_the_end(page, "One.")
    page.keyboard.press("Enter")
    page.keyboard.type("Two.")
    expect(page.locator("#saved")).to_have_text(SAVED)
    page.reload()  # what was typed is the server's to undo from here on
    stored = page.request.get(f"{story}text/").json()
    assert stored["text"] == "One.\n\nTwo."
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#story-text p")).to_have_text(["One."])
    page.wait_for_timeout(1500)  # longer than typing waits to be saved
    undone = page.request.get(f"{story}text/").json()
    assert (undone["text"], undone["can_redo"]) == ("One.", True)
    assert undone["version"] < stored["version"]
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#story-text p")).to_have_text(["One.", "Two."])
