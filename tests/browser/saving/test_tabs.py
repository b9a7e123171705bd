"""Two tabs on one story: each follows what the other saves, and separate edits come together."""

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from stories.live import close_codes
from tests.browser.conftest import (
    Complaints,
    Site,
    deafen,
    drag_over,
    give_text,
    open_story,
    shot,
    sign_up,
    stored,
    wait_until_all_is_saved,
)

FIRST = "Anna lit the lantern 🙂 and waited."
MIDDLE = "Ben came up the stairs, slowly."
LAST = "The door stood open."
SAVED = "Saved"
LONG = 20_000  # milliseconds


@pytest.fixture
def story(
    page: Page, slow_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A signed-in writer's story of three paragraphs, open in `page`; returns its address."""
    sign_up(page, slow_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, slow_site)
    give_text(page, f"{FIRST}\n\n{MIDDLE}\n\n{LAST}")
    return str(page.url)


def second_tab(page: Page, story: str, *, deaf: bool = False) -> Page:
    """Open the story in a second tab; one that is deaf follows nothing that others save."""
    second = page.context.new_page()
    if deaf:
        deafen(second)
    second.goto(story)
    second.locator("#story-text[contenteditable=true]").wait_for()
    return second


def type_into(page: Page, paragraph: int, text: str, *, key: str = "End") -> None:
    """Type `text` at the end, or with "Home" at the beginning, of a paragraph."""
    page.bring_to_front()
    page.locator("#story-text p").nth(paragraph).click()
    page.keyboard.press(key)
    page.keyboard.type(text)


def expect_text(page: Page, *paragraphs: str) -> None:
    """Wait until the story reads so."""
    expect(page.locator("#story-text p")).to_have_text(list(paragraphs))


def test_separate_edits_of_two_tabs_come_together(page: Page, story: str, slow_site: Site) -> None:
    second = second_tab(page, story, deaf=True)
    type_into(page, 0, " In the dark.")
    expect(page.locator("#saved")).to_have_text(SAVED)
    type_into(second, 2, " Wide.")
    together = (f"{FIRST} In the dark.", MIDDLE, f"{LAST} Wide.")
    expect_text(second, *together)
    expect(second.locator("#saved")).to_have_text(SAVED)
    expect(second.locator("#status")).to_contain_text("another tab")
    expect(second.locator("#conflict")).to_be_hidden()
    expect_text(page, *together)
    assert stored(slow_site, page).text == "\n\n".join(together)
    shot(second, "tabs-joined")
    # Where the caret was, and what was typed here can be undone by itself.
    second.keyboard.type(" Very.")
    expect_text(second, together[0], MIDDLE, f"{LAST} Wide. Very.")
    for _ in range(2):
        second.keyboard.press("Control+z")
    expect(second.locator("#story-text p").first).to_have_text(together[0])


def test_an_open_tab_follows_and_its_caret_and_mark_stay(page: Page, story: str) -> None:
    second = second_tab(page, story)
    drag_over(second, "came up")
    second.get_by_role("button", name="Select part to be rewritten").click()
    expect(second.locator(".marked")).to_have_text("came up")
    type_into(second, 2, "", key="Home")
    for _ in range(4):
        second.keyboard.press("ArrowRight")
    type_into(page, 0, "It was late. ", key="Home")
    type_into(page, 1, "At last, ", key="Home")
    type_into(page, 2, " Nobody was there.")
    expect_text(
        second,
        f"It was late. {FIRST}",
        f"At last, {MIDDLE}",
        f"{LAST} Nobody was there.",
    )
    expect(second.locator(".marked")).to_have_text("came up")
    second.bring_to_front()
    second.keyboard.type("old ")
    expect_text(
        page,
        f"It was late. {FIRST}",
        f"At last, {MIDDLE}",
        "The old door stood open. Nobody was there.",
    )
    shot(second, "tabs-followed")


def test_a_selection_stays_while_text_comes_around_it(page: Page, story: str) -> None:
    second = second_tab(page, story)
    drag_over(second, "came up the")
    type_into(page, 1, "Then ", key="Home")
    expect(second.locator("#story-text p").nth(1)).to_have_text(f"Then {MIDDLE}")
    assert second.evaluate("getSelection().toString()") == "came up the"


def test_what_both_have_changed_is_chosen_by_the_writer(page: Page, story: str) -> None:
    second = second_tab(page, story, deaf=True)
    type_into(page, 2, " Wide.")
    expect(page.locator("#saved")).to_have_text(SAVED)
    type_into(second, 2, " Not much.")
    expect(second.locator("#conflict-mine")).to_contain_text("Not much.")
    expect(second.locator("#conflict-theirs")).to_contain_text("Wide.")
    second.get_by_role("button", name="Keep the other one").click()
    expect_text(second, FIRST, MIDDLE, f"{LAST} Wide.")


def test_what_is_typed_while_a_save_is_merged_stays(
    page: Page, story: str, slow_site: Site
) -> None:
    second = second_tab(page, story, deaf=True)
    type_into(page, 0, " In the dark.")
    expect(page.locator("#saved")).to_have_text(SAVED)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    second.route("**/text/", hold)
    type_into(second, 2, " Wide.")
    expect(second.locator("#saved")).to_have_text("Saving…")
    second.keyboard.type(" And cold.")
    held[0].continue_()
    together = (f"{FIRST} In the dark.", MIDDLE, f"{LAST} Wide. And cold.")
    expect_text(second, *together)
    expect(second.locator("#saved")).to_have_text(SAVED)
    wait_until_all_is_saved(second)
    assert stored(slow_site, page).text == "\n\n".join(together)


def test_a_draft_is_merged_with_what_was_saved_since(
    page: Page, story: str, complaints: Complaints
) -> None:
    complaints.expected = "net::ERR_FAILED"
    second = second_tab(page, story)
    page.route("**/text/", lambda route: route.abort())
    type_into(page, 2, " Wide.")
    expect(page.locator("#saved")).to_contain_text("trying again")
    page.goto("about:blank")  # the tab crashes
    type_into(second, 0, " In the dark.")
    expect(second.locator("#saved")).to_have_text(SAVED)
    page.unroute("**/text/")
    page.goto(story)
    expect_text(page, f"{FIRST} In the dark.", MIDDLE, f"{LAST} Wide.")
    expect_text(second, f"{FIRST} In the dark.", MIDDLE, f"{LAST} Wide.")


def test_undo_takes_and_the_title_are_followed(page: Page, story: str) -> None:
    second = second_tab(page, story)
    type_into(page, 0, " In the dark.")
    expect_text(second, f"{FIRST} In the dark.", MIDDLE, LAST)
    page.get_by_label("Title").fill("The lantern")
    page.keyboard.press("Enter")
    expect(second.get_by_label("Title")).to_have_value("The lantern")
    second.get_by_role("button", name="Undo").click()
    expect_text(second, FIRST, MIDDLE, LAST)
    expect_text(page, FIRST, MIDDLE, LAST)


def test_what_was_saved_while_there_was_no_connection_is_followed(page: Page, story: str) -> None:
    second = page.context.new_page()
    sockets: list[WebSocketRoute] = []
    away = False

    def serve(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if away:
            socket.close(code=close_codes.FAULT)
        else:
            socket.connect_to_server()

    second.route_web_socket("**/ws/**", serve)
    second.goto(story)
    second.locator("#story-text[contenteditable=true]").wait_for()
    away = True
    sockets[0].close(code=close_codes.FAULT)
    type_into(page, 0, " In the dark.")
    expect(page.locator("#saved")).to_have_text(SAVED)
    expect(second.locator("#story-text p").first).to_have_text(FIRST)
    away = False
    first = second.locator("#story-text p").first
    expect(first).to_have_text(f"{FIRST} In the dark.", timeout=LONG)
