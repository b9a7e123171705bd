"""Selecting by dragging is what a plain page does; what lies over the page stays out of it."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import Complaints, Site, give_text, open_story, sign_up

SENTENCE = "Anna lifted the lantern, and the dark stepped back a little way from her and from Ben."
TEXT = "\n\n".join(f"Paragraph {number}. {SENTENCE} {SENTENCE}" for number in range(40))
# A window of 1280 by 720 at zooms of 100, 200 and 400 %, and two phones.
WINDOWS: list[ViewportSize] = [
    {"width": 1280, "height": 720},
    {"width": 640, "height": 360},
    {"width": 320, "height": 256},
    {"width": 390, "height": 844},
    {"width": 360, "height": 640},
]
# What is between two points of the window, as if nothing lay over the text.
BETWEEN = """([from, to]) => {
  const dock = document.getElementById("dock");
  dock.style.visibility = "hidden";
  const [start, end] = [from, to].map(([x, y]) => document.caretRangeFromPoint(x, y));
  dock.style.visibility = "";
  start.setEnd(end.startContainer, end.startOffset);
  return start.toString();
}"""
# The middle of each line whose whole height is between two heights.
LINES = """([from, to]) => {
  const range = document.createRange();
  range.selectNodeContents(document.getElementById("story-text"));
  // Paragraphs have boxes too, whose middle may lie between two lines.
  const isLine = (box) => box.width && box.height && box.height < 40;
  const lines = [...range.getClientRects()].filter(isLine);
  return lines.filter((box) => box.top > from && box.bottom < to)
    .map((box) => (box.top + box.bottom) / 2);
}"""


@pytest.fixture
def story(
    page: Page, rewriting_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> None:
    """A long story, open in `page`."""
    sign_up(page, rewriting_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, rewriting_site)
    give_text(page, TEXT)


def selected(page: Page, start: tuple[float, float], end: tuple[float, float]) -> str:
    """Drag from `start` to `end`, hold still for a moment, and return what is selected."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=10)
    # A browser with much to do puts moves together, and may look where one was before it has drawn:
    # the mouse is held about there until what is selected stays the same.
    found, before = "", None
    for _ in range(20):
        page.wait_for_timeout(150)
        page.mouse.move(end[0] + 1, end[1])
        page.mouse.move(*end)
        page.wait_for_timeout(100)
        found, before = str(page.evaluate("getSelection().toString()")), found
        if found and found == before:
            break
    page.mouse.up()
    return found


def fresh(page: Page) -> None:
    """Load the page again, so that nothing is selected and no bar lies over a line."""
    page.reload()
    page.locator("#story-text[contenteditable=true]").wait_for()
    page.evaluate("scrollTo(0, 900)")
    page.wait_for_timeout(300)


def test_dragging_selects_what_is_dragged_over_and_nothing_moves(page: Page, story: None) -> None:
    for window in WINDOWS:
        page.set_viewport_size(window)
        fresh(page)
        left = page.locator("#story-text").bounding_box()["x"]
        dock = page.locator("#dock").bounding_box()["y"]
        # Nearer to the top, a browser scrolls by itself while one drags, on any page.
        seen = page.evaluate(LINES, [24, dock])
        under = page.evaluate(LINES, [dock, window["height"] - 40])
        one, other = left + 40, left + 230
        # Over a line, near an edge too, and onto the dock, under which the text goes on.
        drags = [((one, line), (other, line)) for line in (seen[1], seen[-1])]
        drags += [((one, seen[-1]), (other, line)) for line in under[:1]]
        for start, end in drags:
            expected = page.evaluate(BETWEEN, [start, end])
            assert selected(page, start, end) == expected, (window, start, end)
            assert page.evaluate("scrollY") == 900, (window, start, end)
            fresh(page)
        # Out of the text, at either side of it.
        for line, side in ((seen[1], 3), (seen[-1], window["width"] - 3)):
            assert len(selected(page, (other, line), (side, line))) < len(SENTENCE), (window, side)
            assert page.evaluate("scrollY") == 900, (window, side)
            fresh(page)


def test_the_caret_and_what_has_the_focus_are_not_under_the_dock(page: Page, story: None) -> None:
    page.set_viewport_size(WINDOWS[1])
    page.locator("#story-text p").first.click()
    above = """() => {
      const selection = getSelection();
      const box = selection.getRangeAt(0).getBoundingClientRect();
      return box.bottom < document.getElementById("dock").getBoundingClientRect().top;
    }"""
    for _ in range(30):
        page.keyboard.press("ArrowDown")
        page.wait_for_function(above)
    page.keyboard.press("Control+End")
    for _ in range(3):
        page.keyboard.type("More.")
        page.keyboard.press("Enter")
    page.keyboard.type("x")
    page.wait_for_function(above)
    page.evaluate("scrollTo(0, 0)")
    page.locator("#story-text").focus()
    covered = """() => {
      const focused = document.activeElement;
      if (focused.closest("#dock")) return null;
      const [top, dock] = [focused, document.getElementById("dock")]
        .map((found) => found.getBoundingClientRect().top);
      return top > dock;
    }"""
    page.keyboard.press("Tab")
    while (under := page.evaluate(covered)) is not None:
        assert under is False
        page.keyboard.press("Tab")
