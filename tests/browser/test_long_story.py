"""In a story of 20,000 words and in a paragraph of 100,000 characters, a key costs what it changes.

So does each piece that is streamed in. What our scripts do is counted; how long it takes, most of
it the browser's own layout, is `benchmarks/page.py`'s matter.
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from prose import words
from tests.browser.conftest import Complaints, Site, drag_over, give_text, open_story, sign_up

WORDS = 20_000
SENTENCE = "The lantern of number {} swung in the wind, and nobody came to put it out 🙂. "
PARAGRAPH = 6  # sentences

CHARACTERS = 100_000  # in one paragraph
KEYS = "abcdefghij"
TYPED = "and then it rained "
MOST_RUNS = 1_000  # of any piece of our code for a key in it: none goes through the paragraph
CHINESE = "小明提着一盏旧灯笼走向海边，海浪轻轻拍打着礁石。"


def long_text() -> str:
    """Return a text of `WORDS` words in paragraphs."""
    per_sentence = words.count(SENTENCE.format(1))
    sentences = [SENTENCE.format(number) for number in range(WORDS // per_sentence + 1)]
    return "\n\n".join(
        "".join(sentences[index : index + PARAGRAPH]).strip()
        for index in range(0, len(sentences), PARAGRAPH)
    )


def most_runs(functions: list[dict[str, Any]], source: str) -> tuple[int, str]:
    """Return how often the piece of our own modules that ran most often did, and its function."""
    begins = [(m.start(), m[1]) for m in re.finditer(r'^modules\["(.+?)"\] = ', source, re.M)]
    runs = [(0, "")]
    for function in functions:
        for block in function["ranges"]:
            module = [name for start, name in begins if start <= block["startOffset"]][-1:]
            if module and module[0].startswith("storaiteller/"):
                runs.append((block["count"], f"{module[0]}: {function['functionName']}"))
    return max(runs)


class Counting:
    """Counts what the page's scripts run; the page is loaded anew for it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("Profiler.enable")
        self.cdp.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})
        page.reload()
        page.locator("#story[data-started]").wait_for()

    def begin(self) -> None:
        """Forget what ran until now."""
        self.cdp.send("Profiler.takePreciseCoverage")

    def most_runs(self) -> tuple[int, str]:
        """Return how often the piece of our modules that ran most often did, and where it is."""
        ran = self.cdp.send("Profiler.takePreciseCoverage")["result"]
        [bundle] = [script for script in ran if "/bundles/story" in script["url"]]
        source = self.page.evaluate("async (url) => (await fetch(url)).text()", bundle["url"])
        return most_runs(bundle["functions"], source)


@pytest.fixture
def long_story(
    page: Page, slow_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> Page:
    """A page with the long story, at rest."""
    sign_up(page, slow_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, slow_site)
    give_text(page, long_text())
    expect(page.locator("#words")).to_have_text(re.compile(r"20,0\d\d words"))
    page.wait_for_timeout(1000)
    return page


@pytest.mark.timeout(600)
def test_typing_goes_through_no_more_than_the_paragraph(long_story: Page) -> None:
    page = long_story
    counting = Counting(page)
    paragraph = page.locator("#story-text p").nth(120)
    paragraph.scroll_into_view_if_needed()
    paragraph.click()
    counting.begin()
    # Longer than the pauses after which the draft and the story are saved.
    for _ in range(3):
        page.keyboard.type(TYPED, delay=30)
        page.wait_for_timeout(900)
    runs, where = counting.most_runs()
    # Keys alone, or each save, may go through the story's 240 paragraphs; not each key.
    assert 0 < runs <= MOST_RUNS * 3, where
    expect(page.locator("#saved")).to_have_text("Saved")


@pytest.mark.timeout(600)
def test_streaming_goes_through_no_text_and_moves_neither_caret_nor_view(long_story: Page) -> None:
    page = long_story
    counting = Counting(page)
    drag_over(page, "nobody came to put it out 🙂. The lantern of number 700 swung in the wind")
    page.get_by_role("button", name="Select part to be rewritten").click()
    page.get_by_text("Expand", exact=True).click()
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.locator(".replacement")).to_contain_text("Anna", timeout=20_000)
    # In front of the passage, whose lines push down what follows them.
    other = page.locator("#story-text p").nth(114)
    other.click()
    page.keyboard.press("Home")
    page.keyboard.type("x")
    where = """() => {
      const { anchorNode, anchorOffset } = getSelection();
      return [anchorNode.parentElement.getBoundingClientRect().top, anchorOffset, anchorNode.data];
    }"""
    before, shown = page.evaluate(where), page.locator(".replacement").inner_text()
    counting.begin()
    page.wait_for_timeout(400)
    assert len(page.locator(".replacement").inner_text()) > len(shown), "it has to be streaming"
    assert page.evaluate(where) == before
    runs, place = counting.most_runs()
    assert 0 < runs <= MOST_RUNS, place
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=30_000)


def one_paragraph() -> str:
    """Return a paragraph of `CHARACTERS` characters; a tenth, in its middle, has no spaces."""
    tenth = CHARACTERS // 10
    around = "The lantern swung in the wind, and nobody came to put it out. " * tenth
    chinese = (CHINESE * tenth)[:tenth]
    return around[: 9 * tenth // 2] + chinese + around[: 9 * tenth // 2].rstrip() + "."


# Puts the caret into the middle, and notes what is changed of the story's elements.
IN_THE_MIDDLE = """() => {
  const story = document.getElementById("story-text");
  const [text] = story.querySelector("p").childNodes;
  story.focus();
  getSelection().collapse(text, text.length / 2);
  window.changes = [];
  const isOne = ({ target, attributeName, oldValue }) =>
    !attributeName || target.getAttribute(attributeName) !== oldValue;
  const note = (records) => window.changes.push(...records.filter(isOne).map(({ type }) => type));
  const all = { subtree: true, childList: true, characterData: true, attributeOldValue: true };
  new MutationObserver(note).observe(story, all);
}"""


def press_and_show(page: Page, key: str) -> None:
    """Press a key and wait until its frame is drawn."""
    page.keyboard.press(key)
    page.evaluate("new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)))")


@pytest.mark.timeout(600)
def test_a_key_in_one_huge_paragraph_costs_what_it_changes(
    page: Page, slow_site: Site, complaints: Complaints
) -> None:
    sign_up(page, slow_site, "endless")
    open_story(page, slow_site)
    text = one_paragraph()
    assert len(text) == CHARACTERS
    give_text(page, text)
    counting = Counting(page)
    counted = page.locator("#words").inner_text()
    page.evaluate(IN_THE_MIDDLE)
    press_and_show(page, "z")
    page.evaluate("window.changes.length = 0")
    counting.begin()
    for key in KEYS:
        press_and_show(page, key)
    runs, where = counting.most_runs()
    assert 0 < runs <= MOST_RUNS * len(KEYS), where
    # The browser's own change of the text, and nothing of ours beside it.
    assert page.evaluate("window.changes") == ["characterData"] * len(KEYS)
    # The one word more that was typed into the Chinese is counted.
    expect(page.locator("#saved")).to_have_text("Saved")
    typed = page.locator("#words").inner_text()
    assert int(re.sub(r"\D", "", typed)) - int(re.sub(r"\D", "", counted)) in {1, 2}
