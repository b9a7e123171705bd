"""Only the selected part: marked, rewritten in place, kept or not, and nothing else is touched."""

import json
import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Route, ViewportSize, WebSocketRoute, expect

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

PHONE: ViewportSize = {"width": 390, "height": 844}
LONG = 20_000  # milliseconds
FIRST = "🏳️‍🌈 Anna lit the lantern, and the dark stepped back a little way."
MIDDLE = "Ben held the old map against the wind and could not read a word of it."
LAST = "The road went down to the harbour. Nobody was there 👩‍👩‍👧, e\u0301ver."
TEXT = f"{FIRST}\n\n{MIDDLE}\n\n{LAST}"
WRITTEN = "A quiet wind crossed the yard, and Zoë 🙂 slept."
REWRITTEN = f"{FIRST}\n\n{WRITTEN}\n\n{LAST}"


@pytest.fixture
def story(
    page: Page, rewriting_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A signed-in writer's story of three paragraphs, open in `page`; returns its address."""
    sign_up(page, rewriting_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, rewriting_site)
    give_text(page, TEXT)
    return str(page.url)


def mark(page: Page, text: str = MIDDLE) -> None:
    """Select `text` with the mouse and mark it with the button."""
    drag_over(page, text)
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#rewrite-quote")).to_have_text(text)


def rewrite(page: Page) -> None:
    """Let the marked passage be rewritten to the end."""
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=LONG)
    expect(page.locator(".replacement")).to_have_text(WRITTEN)


def test_the_middle_paragraph_is_rewritten_and_kept(
    page: Page, story: str, rewriting_site: Site
) -> None:
    drag_over(page, MIDDLE)
    expect(page.get_by_role("button", name="Rewrite this part")).to_be_visible()
    shot(page, "rewrite-selected")
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#story-text .marked")).to_have_text(MIDDLE)
    page.get_by_label("What should change?").fill("Let it be night.")
    page.get_by_text("More vivid").click()
    expect(page.locator("#story-text .marked")).to_have_text(MIDDLE)
    shot(page, "rewrite-marked")
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.locator("#story-text .replaced")).to_have_text(MIDDLE)
    expect(page.locator(".replacement")).to_contain_text("A quiet", timeout=LONG)
    shot(page, "rewrite-streaming")
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=LONG)
    shot(page, "rewrite-review")
    assert stored(rewriting_site, page).text == TEXT, "nothing is stored before Keep"
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#status")).to_have_text("Kept. Nothing else was changed.")
    kept = stored(rewriting_site, page)
    assert kept.text.encode() == REWRITTEN.encode()
    assert kept.version == 2
    expect(page.locator("#story-text p")).to_have_text([FIRST, WRITTEN, LAST])
    expect(page.locator(".replacement")).to_have_count(0)
    # Nothing is left selected, of which the toolbar would lie over the words that follow.
    caret = """() => {
      const { isCollapsed, anchorNode, anchorOffset } = getSelection();
      return [isCollapsed, anchorNode.data, anchorOffset];
    }"""
    assert page.evaluate(caret) == [True, WRITTEN, len(WRITTEN.encode("utf-16-le")) // 2]
    page.wait_for_timeout(400)
    expect(page.locator("#selection-bar")).to_be_hidden()

    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#story-text p")).to_have_text([FIRST, MIDDLE, LAST])
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#story-text p")).to_have_text([FIRST, WRITTEN, LAST])
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("dialog").get_by_text("Version 2", exact=True).click()
    expect(page.locator(".version-view ins").first).to_be_visible()
    shot(page, "rewrite-history")


# Notes each text that is shown in the passage's place.
NOTE = """() => {
  window.shown = [];
  const look = () => window.shown.push(document.querySelector(".replacement")?.textContent ?? "");
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
}"""


def test_an_attempt_that_fell_short_makes_room_for_the_next(page: Page, story: str) -> None:
    """The scripted model's passage is never longer: it is asked three times."""
    mark(page)
    page.evaluate(NOTE)
    page.get_by_text("Expand", exact=True).click()
    rewrite(page)
    shown = page.evaluate("window.shown")
    assert max(text.count("A quiet") for text in shown) == 1
    begun_anew = sum(len(text) < len(before) for before, text in pairwise(shown))
    assert begun_anew >= 2, shown
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#story-text p")).to_have_text([FIRST, WRITTEN, LAST])


def test_discard_leaves_the_version_untouched(page: Page, story: str, rewriting_site: Site) -> None:
    before = stored(rewriting_site, page)
    mark(page)
    rewrite(page)
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#status")).to_contain_text("Discarded")
    expect(page.locator("#story-text p")).to_have_text([FIRST, MIDDLE, LAST])
    assert stored(rewriting_site, page) == before
    page.reload()
    expect(page.locator("#rewrite")).to_be_hidden()


def test_the_page_closed_before_keep_offers_it_again(
    page: Page, story: str, rewriting_site: Site
) -> None:
    mark(page)
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.locator(".replacement")).to_contain_text("A quiet", timeout=LONG)
    page.reload()
    expect(page.locator("#story-text .replaced")).to_have_text(MIDDLE)
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=LONG)
    page.goto("about:blank")
    page.goto(story)
    expect(page.locator(".replacement")).to_have_text(WRITTEN)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Kept")
    assert stored(rewriting_site, page).text.encode() == REWRITTEN.encode()


def test_the_writer_edits_elsewhere_while_it_streams(
    page: Page, story: str, rewriting_site: Site
) -> None:
    mark(page)
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.locator(".replacement")).to_contain_text("A quiet", timeout=LONG)
    page.locator("#story-text p").first.click()
    page.keyboard.press("Home")
    page.keyboard.type("🙂 In the morning: ", delay=20)
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=LONG)
    page.keyboard.type("early, ", delay=20)
    # The passage itself takes no edits meanwhile.
    page.locator("#story-text .replaced").click()
    page.keyboard.type("lost")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Kept")
    expected = "🙂 In the morning: early, " + REWRITTEN
    assert stored(rewriting_site, page).text.encode() == expected.encode()


def test_what_is_typed_while_keep_is_under_way_stays(
    page: Page, story: str, rewriting_site: Site
) -> None:
    mark(page)
    rewrite(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/keep/", hold)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.locator("#story-text p").last.click()
    page.keyboard.press("End")
    page.keyboard.type(" Typed meanwhile.")
    for route in held:
        route.continue_()
    expect(page.locator("#status")).to_contain_text("Kept")
    expect(page.locator("#saved")).to_have_text("Saved")
    expect(page.locator("#conflict")).to_be_hidden()
    wait_until_all_is_saved(page)
    assert stored(rewriting_site, page).text == REWRITTEN + " Typed meanwhile."


def test_tries_are_kept_and_flipped_through(page: Page, story: str) -> None:
    mark(page)
    rewrite(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#try-label")).to_have_text("Try 2 of 2", timeout=LONG)
    shot(page, "rewrite-tries")
    page.get_by_role("button", name="Earlier try").click()
    expect(page.locator("#try-label")).to_have_text("Try 1 of 2")
    expect(page.locator(".replacement")).to_have_text(WRITTEN)
    page.reload()
    expect(page.locator("#try-label")).to_have_text("Try 2 of 2")


def test_a_second_tab_gets_a_conflict_that_loses_neither_text(
    page: Page, story: str, rewriting_site: Site
) -> None:
    second = page.context.new_page()
    deafen(second)
    second.goto(story)
    mark(page)
    rewrite(page)
    expect(second.locator(".replacement")).to_have_text(WRITTEN, timeout=LONG)
    page.locator("#story-text p").last.click()
    page.keyboard.press("End")
    page.keyboard.type(" The first tab's.")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Kept")
    kept = stored(rewriting_site, page).text
    second.get_by_role("button", name="Keep", exact=True).click()
    expect(second.locator("#conflict")).to_be_visible()
    expect(second.locator("#conflict-theirs")).to_have_text(kept)
    expect(second.locator("#conflict-mine")).to_have_text(REWRITTEN)
    shot(second, "rewrite-conflict")
    assert stored(rewriting_site, page).text == kept
    second.get_by_role("button", name="Keep the other one").click()
    expect(second.locator("#story-text p").last).to_have_text(LAST + " The first tab's.")
    expect(second.locator("#rewrite")).to_be_hidden()


def test_a_rewrite_of_an_old_text_is_a_conflict_too(
    page: Page, story: str, rewriting_site: Site
) -> None:
    second = page.context.new_page()
    deafen(second)
    second.goto(story)
    page.locator("#story-text p").last.click()
    page.keyboard.press("End")
    page.keyboard.type(" More.")
    expect(page.locator("#saved")).to_have_text("Saved")
    mark(second)
    second.get_by_role("button", name="Regenerate selected part only").click()
    expect(second.locator("#conflict")).to_be_visible()
    second.get_by_role("button", name="Keep the other one").click()
    expect(second.locator("#story-text p").last).to_have_text(LAST + " More.")
    assert stored(rewriting_site, page).text == TEXT + " More."


def test_marks_by_keyboard_escape_and_another_selection(page: Page, story: str) -> None:
    page.locator("#story-text p").first.click()
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("Control+Shift+ArrowRight")
    bar = page.get_by_role("button", name="Rewrite this part")
    expect(bar).to_be_visible()
    page.keyboard.press("Tab")
    expect(bar).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#rewrite")).to_be_visible()
    drag_over(page, MIDDLE)
    expect(page.locator("#rewrite-quote")).to_have_text(MIDDLE)
    expect(page.locator("#story-text .marked")).to_have_text(MIDDLE)
    page.keyboard.press("Escape")
    expect(page.locator("#story-text .marked")).to_have_count(0)
    expect(page.locator("#rewrite")).to_be_hidden()
    # Half a word is marked as the whole of it; the shortcut needs no mouse at all.
    drag_over(page, "arbour. Nobod")
    page.keyboard.press("Alt+Shift+R")
    expect(page.locator("#rewrite-quote")).to_have_text("harbour. Nobody")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#rewrite")).to_be_visible()


def test_the_keyboard_alone_rewrites_and_keeps(
    page: Page, story: str, rewriting_site: Site
) -> None:
    page.locator("#story-text").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Alt+Shift+R")
    expect(page.locator("#rewrite-quote")).to_have_text(MIDDLE)
    page.keyboard.type("Let it be quiet.")
    page.keyboard.press("Enter")
    keep = page.get_by_role("button", name="Keep", exact=True)
    expect(keep).to_be_focused(timeout=LONG)
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Kept")
    assert stored(rewriting_site, page).text.encode() == REWRITTEN.encode()
    expect(page.locator("#story-text")).to_be_focused()


def test_the_button_first_and_the_selection_after(page: Page, story: str) -> None:
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#status")).to_contain_text("Select a passage")
    drag_over(page, FIRST[-20:])
    expect(page.locator("#rewrite")).to_be_visible()


def test_on_a_phone_and_in_the_dark(page: Page, story: str) -> None:
    page.set_viewport_size(PHONE)
    mark(page)
    shot(page, "rewrite-phone-marked")
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.locator(".replacement")).to_contain_text("A quiet", timeout=LONG)
    shot(page, "rewrite-phone-streaming")
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=LONG)
    page.emulate_media(color_scheme="dark")
    shot(page, "rewrite-phone-review-dark")
    page.set_viewport_size({"width": 1280, "height": 800})
    shot(page, "rewrite-review-dark")


def test_undo_is_one_way_through_typing_rewrites_and_versions(page: Page, story: str) -> None:
    text = page.locator("#story-text")
    text.locator("p").last.click()
    page.keyboard.press("End")
    page.keyboard.type(" Typed.")
    expect(page.locator("#saved")).to_have_text("Saved")
    mark(page)
    rewrite(page)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Kept")
    text.locator("p").last.click()
    page.keyboard.press("End")
    page.keyboard.type(" Later.")
    expect(page.locator("#saved")).to_have_text("Saved")
    states = []
    for _ in range(3):
        page.keyboard.press("Control+z")
        page.wait_for_timeout(1500)  # the save that follows must not become a step of its own
        states.append(text.locator("p").all_inner_texts())
    assert states == [
        [FIRST, WRITTEN, LAST + " Typed."],
        [FIRST, MIDDLE, LAST + " Typed."],
        [FIRST, MIDDLE, LAST],
    ]
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.reload()
    for expected in (*states[1::-1], [FIRST, WRITTEN, LAST + " Typed. Later."]):
        page.get_by_role("button", name="Redo").click()
        expect(text.locator("p")).to_have_text(expected)
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_a_rewrite_lost_with_its_connection_can_be_asked_for_again(page: Page, story: str) -> None:
    lost: list[str | bytes] = []

    def lose_the_first(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if json.loads(message)["type"] == "rewrite" and not lost:
                lost.append(message)
                socket.close(code=1012)
            else:
                server.send(message)

        socket.on_message(pass_on)

    page.route_web_socket(re.compile("/ws/stories/"), lose_the_first)
    page.reload()
    mark(page)
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.get_by_role("alert")).to_contain_text("Ask for the rewrite again")
    assert len(lost) == 1
    rewrite(page)
