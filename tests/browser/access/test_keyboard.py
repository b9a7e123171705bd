"""A story is written, rewritten and marked by keys alone; and what a screen reader is told."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, sign_up

LONG = 20_000  # milliseconds
MOST_STEPS = 60  # of Tab, to a button that is there

# What the focus is on, and whether a person sees that: an outline, or the caret of a text.
FOCUS = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const shown = it.matches(".chip input") ? it.nextElementSibling : it;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const hasCaret = it.isContentEditable || it.matches("input:not([type]), textarea");
  const box = shown.getBoundingClientRect();
  const inView = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  const name = it.id || it.textContent.trim().slice(0, 40);
  return { name, seen: inView && (isOutlined || hasCaret) };
}"""
# Notes what the live regions of the page say from now on.
LISTEN = """() => {
  window.said = [];
  const live = "[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]";
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      const region = element?.closest(live);
      if (region) window.said.push(region.textContent.trim());
    }
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def writer(
    page: Page, rewriting_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> Page:
    """A writer at an empty library."""
    sign_up(page, rewriting_site, re.sub(r"\W", "", request.node.name)[:40])
    return page


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called `name`; at each step it is somewhere, seen."""
    pressed = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name))
    wanted = pressed.or_(page.get_by_label(name, exact=True))
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus is None or focus["seen"], focus
        if wanted.evaluate_all("(found) => found.includes(document.activeElement)"):
            return
    pytest.fail(f"Tab does not come to {name}")


def test_a_story_by_keys_alone(writer: Page) -> None:
    page = writer
    tab_to(page, "New story")
    page.keyboard.press("Enter")
    page.wait_for_url("**/stories/new/")
    tab_to(page, "Main characters' names")
    page.keyboard.type("Anna, Ben")
    tab_to(page, "Story keywords")
    page.keyboard.type("lantern")
    tab_to(page, "Genre")
    page.keyboard.type("Mys")
    tab_to(page, "Register")
    page.keyboard.type("Viv")
    tab_to(page, "Max number of words")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/stories/\d+/"))
    text, status = page.locator("#story-text"), page.locator("#status")
    expect(status).to_have_text("Done", timeout=LONG)
    expect(text).to_contain_text("A quiet wind")

    tab_to(page, "Story text")
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("Control+Shift+ArrowRight")
    page.keyboard.press("Alt+Shift+R")
    expect(page.locator("#rewrite-quote")).to_have_text("A quiet wind")
    expect(page.get_by_label("What should change?")).to_be_focused()
    page.keyboard.type("Louder.")
    page.keyboard.press("Enter")
    expect(page.locator("#rewrite")).to_be_focused()
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_focused(timeout=LONG)
    page.keyboard.press("Enter")
    expect(status).to_have_text("Kept. Nothing else was changed.", timeout=LONG)
    expect(text).to_be_focused()
    tab_to(page, "Good story")
    page.keyboard.press("Enter")
    good = page.get_by_role("button", name="Good story")
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(good).to_be_focused()
    assert page.evaluate(FOCUS)["seen"]


def test_a_screen_reader_is_told_how_it_stands_and_not_each_word(writer: Page) -> None:
    page = writer
    page.get_by_role("link", name="New story").first.click()
    page.get_by_label("Main characters' names").fill("Anna, Ben")
    page.get_by_label("Story keywords").fill("lantern")
    page.get_by_label("Genre").select_option("Mystery")
    page.get_by_label("Register").select_option("Vivid")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/stories/\d+/$"))
    expect(page.locator("body")).to_match_aria_snapshot(
        """
        - banner:
          - navigation "Site"
        - main:
          - article "Story":
            - heading [level=1]
            - textbox "Title"
            - textbox "Story text"
        """
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna and the Lantern")
    page.evaluate(LISTEN)
    page.get_by_role("button", name="Write a new story").press("Enter")
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    said = list(dict.fromkeys(text for text in page.evaluate("window.said") if text))
    assert "Writing…" in said
    assert said[-1] == "Done"
    assert len(said) < 6, said
    assert not any("quiet" in text for text in said)
    page.locator("#title").fill("The Harbour")
    page.locator("#title").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The Harbour")
