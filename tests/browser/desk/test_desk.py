"""The desk: one row with one thing to do first, settings that make room, old and new in sight."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

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

LONG = 20_000  # milliseconds
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
WINDOWS: list[ViewportSize] = [
    {"width": 1920, "height": 1080},
    DESKTOP,
    {"width": 640, "height": 400},  # 1280 by 800 at 200 %
    PHONE,
    {"width": 360, "height": 640},
]
PASSAGE = "Ben held the old map against the wind and could not read a word of it. " * 24
TEXT = f"Anna lit the lantern.\n\n{PASSAGE.strip()}\n\nThe road went down to the harbour."
ACTIONS = (
    *("Continue", "Select part to be rewritten", "Regenerate the story", "Good story"),
    *("Earlier take", "Later take", "Undo", "Redo", "Versions", "Write a new story"),
)
# What is wrong with the row: parts that are not in one line, in the window, and free to be clicked.
WRONG = """() => {
  const row = document.getElementById("dock-row");
  const middle = (box) => (box.top + box.bottom) / 2;
  const line = middle(row.getBoundingClientRect());
  const parts = [...row.querySelectorAll("button, summary")];
  return parts.filter((part) => part.checkVisibility() && !part.closest(".menu-items"))
    .filter((part) => {
      const box = part.getBoundingClientRect();
      const seen = document.elementFromPoint((box.left + box.right) / 2, middle(box));
      const apart = Math.abs(middle(box) - line) > 2 || box.left < 0 || box.right > innerWidth;
      return apart || !(part.contains(seen) || part.disabled || part.closest("[inert]"));
    })
    .map((part) => part.id || part.textContent);
}"""
# Whether the beginning of `found` can be read: it is in the window, and nothing lies over it.
READABLE = """(found) => {
  const range = document.createRange();
  range.selectNodeContents(found);
  const [box] = range.getClientRects();
  const seen = document.elementFromPoint(box.left + 3, (box.top + box.bottom) / 2);
  return found === seen || found.contains(seen);
}"""


@pytest.fixture
def story(
    page: Page, rewriting_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A signed-in writer's empty story, open in `page`; returns its address."""
    page.set_viewport_size(DESKTOP)
    sign_up(page, rewriting_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, rewriting_site)
    return str(page.url)


def leading(page: Page) -> list[str]:
    """Return the names of the actions of the row that stand out."""
    return list(page.locator("#dock-row .primary:visible").all_inner_texts())


def test_the_dock_is_one_row_with_one_thing_to_do_first(page: Page, story: str) -> None:
    assert leading(page) == ["Write a new story"]
    page.get_by_role("button", name="Write a new story").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert leading(page) == ["Stop"]
    expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.locator("#take-label")).to_have_text("Take 2 of 2", timeout=LONG)
    more = page.get_by_label("More", exact=True)
    for window in WINDOWS:
        page.set_viewport_size(window)
        page.reload()
        expect(page.get_by_role("button", name="Continue")).to_be_visible()
        assert leading(page) == ["Continue"], window
        assert page.evaluate(WRONG) == [], window
        assert page.evaluate("document.documentElement.scrollWidth") == window["width"]
        more.click()
        for name in ACTIONS:
            button = page.get_by_role("button", name=name, exact=True)
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport(ratio=1)
        shot(page, f"desk-more-{window['width']}")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Write a new story")).to_be_hidden()
        expect(more).to_be_focused()


def test_what_is_behind_more_does_the_same(page: Page, story: str) -> None:
    give_text(page, "One.")
    page.set_viewport_size(WINDOWS[-1])
    more = page.get_by_label("More", exact=True)
    more.click()
    page.get_by_role("button", name="Versions").click()
    expect(page.get_by_role("dialog")).to_contain_text("Version 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Versions")).to_be_hidden()
    more.click()
    page.get_by_text("One.").click()
    expect(page.get_by_role("button", name="Versions")).to_be_hidden()
    # A wider window takes it back into the row.
    page.set_viewport_size(DESKTOP)
    expect(page.get_by_role("button", name="Versions")).to_be_visible()
    more.click()
    page.get_by_role("button", name="Write a new story").click()
    page.wait_for_url(re.compile(r"/stories/new/\?like="))


def test_the_settings_make_room_for_the_story(page: Page, story: str) -> None:
    prompt, line = page.locator("#prompt"), page.locator("#settings-line")
    for window in (DESKTOP, PHONE):
        page.set_viewport_size(window)
        page.reload()
        expect(prompt).to_be_in_viewport(ratio=1)
        bottom = "document.querySelector('{}').getBoundingClientRect().{}"
        assert page.evaluate(bottom.format("#prompt", "bottom")) < page.evaluate(
            bottom.format("#dock", "top")
        )
        shot(page, f"desk-empty-{window['width']}")
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#settings-form")).to_be_hidden()
    expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=LONG)
    page.reload()
    expect(page.locator("#settings-form")).to_be_hidden()
    expect(line).to_have_text("Mystery, vivid · Anna, Ben · lantern, old map · up to 200 words")
    assert line.bounding_box()["height"] < 30
    shot(page, "desk-folded")
    page.locator("#side > summary").click()
    page.get_by_label("Max number of words").fill("3.5")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_label("Max number of words")).to_be_focused()
    page.get_by_label("Max number of words").fill("1200")
    page.get_by_label("Final twist").check()
    page.get_by_role("button", name="Submit").click()
    # Also where the button is far below it.
    expect(page.get_by_text("Saved. The prompt is now")).to_be_visible()
    expect(prompt).to_contain_text("maximum 1200 words")
    expect(prompt).to_be_in_viewport(ratio=1)
    page.locator("#side > summary").click()
    expect(line).to_contain_text("up to 1,200 words · final twist")


def test_old_and_new_are_in_sight_and_tries_side_by_side(
    page: Page, story: str, rewriting_site: Site
) -> None:
    give_text(page, TEXT)
    page.locator("#story-text p").nth(1).click(click_count=3)
    page.get_by_role("button", name="Select part to be rewritten").click()
    page.get_by_role("button", name="Regenerate selected part only").click()
    old, tries = page.locator("#compare-old"), page.locator("#compare-tries .compare-text")
    expect(tries).to_contain_text("A quiet", timeout=LONG)
    keep = page.get_by_role("button", name="Keep", exact=True)
    for number in (1, 2):
        for window in WINDOWS:
            page.set_viewport_size(window)
            expect(old).to_have_text(PASSAGE.strip())
            assert old.evaluate(READABLE), window
            assert tries.nth(number - 1).evaluate(READABLE), window
        expect(keep).to_be_visible(timeout=LONG)
        if number == 1:
            page.get_by_role("button", name="Try again").click()
            expect(tries.nth(1)).to_contain_text("A quiet", timeout=LONG)
    page.set_viewport_size(DESKTOP)
    expect(page.get_by_label("Try 2", exact=True).first).to_be_checked()
    for number in range(2):
        assert tries.nth(number).evaluate(READABLE)
    tops = {round(shown.bounding_box()["y"]) for shown in (old, *tries.all())}
    assert len(tops) == 1
    page.get_by_role("radio", name="Try 1").check()
    expect(page.locator("#try-label")).to_have_text("Try 1 of 2")
    keep.click()
    expect(page.locator("#status")).to_contain_text("Kept")
    assert PASSAGE.strip() not in stored(rewriting_site, page).text


def test_the_new_text_has_room_in_its_place(page: Page, story: str) -> None:
    words = " ".join(["word"] * 900)
    give_text(page, f"{words}\n\nBen held the old map.\n\n{words}")
    page.set_viewport_size(PHONE)
    drag_over(page, "Ben held the old map.")
    page.get_by_role("button", name="Select part to be rewritten").click()
    page.get_by_role("button", name="Regenerate selected part only").click()
    new = page.locator(".replacement")
    expect(new).to_contain_text("A quiet", timeout=LONG)
    page.wait_for_function("""() => {
      const dock = document.getElementById("dock").getBoundingClientRect();
      const found = [".replaced", ".replacement"].map((name) => document.querySelector(name));
      return found.every((one) => one.getBoundingClientRect().bottom < dock.top);
    }""")


def test_only_the_text_until_escape(page: Page, story: str, rewriting_site: Site) -> None:
    give_text(page, "Anna lit the lantern.")
    around = [page.get_by_label("Title"), page.locator(".site"), page.locator("#continue")]
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Show only the text").click()
    for part in around:
        expect(part.first).to_be_hidden()
    expect(page.locator("#story-text")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Ben slept.")
    shot(page, "desk-only-text")
    # What is written can be stopped there, and what is marked dealt with; Escape ends that first.
    drag_over(page, "Ben slept.")
    page.keyboard.press("Alt+Shift+R")
    expect(page.get_by_role("button", name="Regenerate selected part only")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Regenerate selected part only")).to_be_hidden()
    expect(around[0]).to_be_hidden()
    page.keyboard.press("Escape")
    for part in around:
        expect(part.first).to_be_visible()
    page.wait_for_function("() => document.getElementById('saved').textContent === 'Saved'")
    assert stored(rewriting_site, page).text == "Anna lit the lantern. Ben slept."
    page.keyboard.press("Alt+Shift+F")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Show everything again").click()
    expect(around[0]).to_be_visible()


def test_size_and_face_of_the_letters_are_remembered(page: Page, story: str) -> None:
    give_text(page, "Anna lit the lantern.")
    letters = "getComputedStyle(document.getElementById('story-text')).{}"
    size = page.evaluate(letters.format("fontSize"))
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Larger letters").click()
    larger = page.evaluate(letters.format("fontSize"))
    assert float(larger.removesuffix("px")) > float(size.removesuffix("px"))
    page.get_by_role("button", name="Letters without serifs").click()
    for _ in range(2):
        assert page.evaluate(letters.format("fontSize")) == larger
        assert "Literata" not in page.evaluate(letters.format("fontFamily"))
        page.reload()
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Letters with serifs").click()
    assert "Literata" in page.evaluate(letters.format("fontFamily"))


def test_the_sheet_of_shortcuts_and_a_goal(page: Page, story: str) -> None:
    give_text(page, "Anna lit the lantern.")
    sheet = page.get_by_role("dialog", name="Shortcuts")
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    shot(page, "desk-shortcuts")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Why?")
    expect(page.locator("#story-text")).to_have_text("Anna lit the lantern. Why?")
    page.keyboard.press("Control+/")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("More", exact=True).click()
    page.get_by_label("Word goal").first.fill("1200")
    page.get_by_label("Word goal").first.press("Enter")
    expect(page.locator("#words")).to_have_text("5 of 1,200 words")
    expect(page.locator("#saved")).to_have_text("Saved")
    page.reload()
    expect(page.locator("#words")).to_have_text("5 of 1,200 words")
    # On a phone, a sentence that stands beside all of this is not pressed into a column.
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Select part to be rewritten").click()
    expect(page.locator("#status")).to_contain_text("Select a passage")
    page.locator("#saved").evaluate("(it) => (it.textContent = 'Not saved yet; trying again')")
    assert page.locator("#status").bounding_box()["width"] > PHONE["width"] / 2
    assert page.locator("#words").bounding_box()["height"] < 24
