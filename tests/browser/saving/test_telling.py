"""What the page tells of the text and of what was done: true, in sight, and gone when it is old."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, give_text, open_story, shot, sign_up

LONG = 20_000  # milliseconds
PARAGRAPHS = "\n\n".join(f"Paragraph {number} of a long story." for number in range(40))


@pytest.fixture
def story(
    page: Page, slow_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A signed-in writer's empty story, open in `page`; returns its address."""
    sign_up(page, slow_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, slow_site)
    return str(page.url)


def type_at_the_end(page: Page, text: str) -> None:
    """Type `text` after the last character and wait until it is saved."""
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)
    expect(page.locator("#saved")).to_have_text("Saved")


def test_the_report_and_who_wrote_follow_what_is_typed(page: Page, story: str) -> None:
    expect(page.locator("#by")).to_contain_text("No words yet")
    expect(page.locator("#report")).to_be_hidden()
    shot(page, "by-nobody")
    type_at_the_end(page, "Anna lifted the lantern.")
    expect(page.locator("#by")).to_have_text("Written by you")
    facts = page.locator("#facts")
    expect(facts).to_contain_text("4 of 200")
    expect(facts.locator(".missed")).to_contain_text(["Ben", "old map"])
    type_at_the_end(page, " Ben held the old map and")
    expect(facts).to_contain_text("10 of 200")
    expect(facts.locator(".missed")).to_have_text(["breaks off"])
    expect(facts).to_be_in_viewport()
    shot(page, "report-typed")


def test_what_was_done_is_told_for_a_moment(page: Page, story: str) -> None:
    page.clock.install()
    type_at_the_end(page, "One.")
    type_at_the_end(page, " Two.")
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#status")).to_have_text("Undone.")
    page.clock.fast_forward(10_000)
    expect(page.locator("#status")).to_be_empty()


def test_a_notice_covers_nothing_that_was_in_sight(
    page: Page, story: str, complaints: Complaints
) -> None:
    give_text(page, PARAGRAPHS)
    complaints.expected = "400"
    page.locator("#story-text p").nth(12).click()
    last = page.evaluate(
        """() => {
          const edge = document.getElementById("dock").getBoundingClientRect().top;
          const shown = [...document.querySelectorAll("#story-text p")].map((node) =>
            node.getBoundingClientRect().bottom < edge);
          return shown.lastIndexOf(true);
        }"""
    )
    page.route("**/text/", lambda route: route.fulfill(status=400, json={"message": "Too long."}))
    page.keyboard.type("x")
    notice = page.get_by_role("alert")
    expect(notice).to_have_text(re.compile("Too long."))
    bottom = (
        page.locator("#story-text p")
        .nth(last)
        .evaluate("node => node.getBoundingClientRect().bottom")
    )
    assert bottom <= page.locator("#dock").evaluate("node => node.getBoundingClientRect().top")
    shot(page, "notice")


def test_what_is_wrong_has_a_colour_of_its_own(
    page: Page, story: str, complaints: Complaints
) -> None:
    complaints.expected = ("400", "WebSocket")
    page.route("**/text/", lambda route: route.fulfill(status=400, json={"message": "Too long."}))
    page.locator("#story-text").click()
    page.keyboard.type("x")
    expect(page.get_by_role("alert")).to_be_visible()
    warn = "getComputedStyle(document.documentElement).getPropertyValue('--warn')"
    for wrong in ("#saved", "#status"):
        if wrong == "#status":
            page.evaluate("document.getElementById('story').classList.add('offline')")
        same = page.evaluate(
            f"""(found) => {{
              const probe = document.createElement("i");
              document.body.append(probe);
              probe.style.color = {warn};
              const told = getComputedStyle(probe).color;
              probe.remove();
              return getComputedStyle(document.querySelector(found)).color === told;
            }}""",
            wrong,
        )
        assert same, wrong


def test_a_composition_that_is_let_go_costs_no_undo(page: Page, story: str) -> None:
    type_at_the_end(page, "Anna slept.")
    typing = page.context.new_cdp_session(page)
    for text in ("か", "かん", ""):
        composed = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        typing.send("Input.imeSetComposition", composed)
    expect(page.locator("#story-text")).to_have_text("Anna slept.")
    page.keyboard.press("Control+z")
    expect(page.locator("#story-text")).not_to_have_text("Anna slept.")
    page.keyboard.press("Control+y")
    expect(page.locator("#story-text")).to_have_text("Anna slept.")


def test_the_fields_say_what_they_take(page: Page, slow_site: Site, story: str) -> None:
    page.goto(f"{slow_site.url}/stories/new/")
    field = page.get_by_label("Max number of words")
    expect(field).to_have_accessible_description("From 20 to 5,000")
    page.context.clear_cookies()
    page.goto(f"{slow_site.url}/accounts/login/")
    name = page.get_by_label("User name or email")
    expect(name).to_have_attribute("type", "text")
    expect(name).to_have_attribute("autocomplete", "username")
