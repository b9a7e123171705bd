"""Find and replace on the story's page, and bold and italic in the editor."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

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

CASES = json.loads((Path(__file__).parents[2] / "cases" / "emphasis.json").read_text())
_READ = """async (lines) => {
  const { pieces } = await import("storaiteller/emphasis/signs");
  const look = ({ text, bold, italic }) => [text, (bold ? "b" : "") + (italic ? "i" : "")];
  return lines.map((line) => pieces(line).map(look));
}"""
_FIND = """async ([text, phrase, options]) => {
  const { matches } = await import("storaiteller/finding/matches");
  const found = [...matches(text, phrase, options)].flat();
  return found.map(({ from, to }) => text.slice(0, from).length + ":" + text.slice(from, to));
}"""
FOUND: tuple[tuple[str, str, dict[str, bool], list[str]], ...] = (
    ("The Lamp and the LAMP.", "lamp", {}, ["4:Lamp", "17:LAMP"]),
    ("The Lamp and the LAMP.", "LAMP", {"matchCase": True}, ["17:LAMP"]),
    ("Lamps, lamp, lamp's", "lamp", {"wholeWords": True}, ["7:lamp"]),
    ("Zoe\u0301 and Zo\u00e9, Zoe", "zo\u00e9", {}, ["0:Zoe\u0301", "9:Zo\u00e9"]),
    ("Zoe\u0301 and Zo\u00e9, Zoe", "zoe", {}, ["14:Zoe"]),
    ("Die Straße, STRASSE", "strasse", {}, ["4:Straße", "12:STRASSE"]),
    ("🙂 lamp 👩‍👧 lamp", "lamp", {}, ["3:lamp", "14:lamp"]),
    ("aaaa", "aa", {}, ["0:aa", "2:aa"]),
    ("aabaaab", "aaab", {}, ["3:aaab"]),
    ("他走了。走吧", "走", {}, ["1:走", "4:走"]),
    ("a.b", ".", {}, ["1:."]),
)
TEXT = "Anna lit the lamp. The lamp was cold.\n\nLamps are many; *a lamp* is one.\n\nThe end."
MANY = 4_000
# After the next frame, in which what was found is marked.
MARKED = """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
  resolve([...CSS.highlights.get("found")].filter((range) => !range.collapsed).length))))"""


def until_stored(site: Site, page: Page, text: str) -> None:
    """Wait until the story's text is `text`."""
    for _ in range(200):
        if stored(site, page).text == text:
            return
        page.wait_for_timeout(100)
    assert stored(site, page).text == text


def test_a_phrase_is_found_and_replaced(page: Page, site: Site, complaints: Complaints) -> None:
    sign_up(page, site, "finder")
    open_story(page, site)
    for text, phrase, options, found in FOUND:
        assert page.evaluate(_FIND, [text, phrase, options]) == found, (text, phrase)
    give_text(page, TEXT)
    page.locator("#story-text").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+h")
    count = page.locator("#find-count")
    page.get_by_label("Find", exact=True).fill("lamp")
    expect(count).to_have_text("1 of 4")
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 4")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text("4 of 4")
    assert page.evaluate(MARKED) == 4
    expect(page.locator("#story-text .found")).to_have_count(0)
    shot(page, "finding")
    page.get_by_label("Whole words").check()
    expect(count).to_have_text("3 of 3")
    page.get_by_label("Replace with").fill("lantern")
    page.get_by_role("button", name="Replace all").click()
    expect(page.locator("#status")).to_have_text("Replaced 3 matches.")
    expect(count).to_have_text("No matches")
    until_stored(site, page, re.sub(r"\blamp\b", "lantern", TEXT))

    page.get_by_label("Find", exact=True).fill("many")
    expect(count).to_have_text("1 of 1")
    page.keyboard.press("Escape")
    expect(page.locator("#find-bar")).to_be_hidden()
    assert page.evaluate("getSelection().toString()") == "many"
    page.keyboard.press("Control+z")
    until_stored(site, page, TEXT)


def test_typing_goes_on_beside_what_is_found(
    page: Page, site: Site, complaints: Complaints
) -> None:
    sign_up(page, site, "finder-who-types")
    open_story(page, site)
    give_text(page, TEXT)
    page.keyboard.press("Control+h")
    page.get_by_label("Find", exact=True).fill("lamp")
    expect(page.locator("#find-count")).to_have_text("1 of 4")
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" The lamp")
    # It was looked anew: the caret is where it was.
    expect(page.locator("#find-count")).to_have_text("1 of 5")
    page.keyboard.type(" again.")
    until_stored(site, page, TEXT + " The lamp again.")


def test_a_browser_without_highlights_marks_what_is_found(
    page: Page, site: Site, complaints: Complaints
) -> None:
    page.add_init_script("delete CSS.highlights")
    sign_up(page, site, "finder-of-old")
    open_story(page, site)
    give_text(page, TEXT)
    page.keyboard.press("Control+h")
    page.get_by_label("Find", exact=True).fill("lamp")
    expect(page.locator("#story-text .found")).to_have_count(4)


def test_very_much_is_found_at_once(page: Page, site: Site, complaints: Complaints) -> None:
    sign_up(page, site, "finder-of-many")
    open_story(page, site)
    give_text(page, "the lamp and " * MANY + "\n\nThe end.")
    page.locator("#more summary").click()
    page.get_by_role("button", name="Find and replace").click()
    page.get_by_label("Find", exact=True).fill("lamp")
    expect(page.locator("#find-count")).to_have_text(re.compile(r" of 4,000$"))
    assert 0 < page.evaluate(MARKED) <= 500
    page.get_by_label("Replace with").fill("x")
    page.get_by_role("button", name="Replace all").click()
    expect(page.locator("#status")).to_have_text("Replaced 4,000 matches.")
    until_stored(site, page, "the x and " * MANY + "\n\nThe end.")


def test_bold_and_italic_are_signs_in_the_text(
    page: Page, site: Site, complaints: Complaints
) -> None:
    sign_up(page, site, "emphatic")
    open_story(page, site)
    assert page.evaluate(_READ, [line for line, _ in CASES]) == [told for _, told in CASES]
    give_text(page, "Anna lit the lamp.\n\nBen ran home.")
    story = page.locator("#story-text")
    drag_over(page, "lit the")
    page.keyboard.press("Control+b")
    expect(story.locator("strong", has_text="lit the")).to_have_count(1)
    page.keyboard.press("Control+i")
    expect(story.locator("em", has_text="lit the")).to_have_count(1)
    shot(page, "emphasis")
    until_stored(site, page, "Anna ***lit the*** lamp.\n\nBen ran home.")
    page.keyboard.press("Control+b")
    page.keyboard.press("Control+i")
    until_stored(site, page, "Anna lit the lamp.\n\nBen ran home.")

    page.keyboard.press("Control+a")
    page.keyboard.press("Control+b")
    until_stored(site, page, "**Anna lit the lamp.**\n\n**Ben ran home.**")
    page.keyboard.press("Control+z")
    page.wait_for_timeout(200)  # nobody is quicker; an editor overlooks who is
    page.keyboard.press("Control+End")
    page.wait_for_timeout(200)  # nobody is quicker; an editor overlooks who is
    page.keyboard.press("Control+i")
    page.keyboard.type("Now")
    page.keyboard.press("Control+i")
    page.keyboard.type("!")
    until_stored(site, page, "Anna lit the lamp.\n\nBen ran home.*Now*!")
