"""Stop, continue, edit, takes, versions and two tabs, in front of a slow scripted Ollama."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Complaints,
    Site,
    deafen,
    open_story,
    shot,
    sign_up,
    wait_until_all_is_saved,
)

SAVED = "Saved"


@pytest.fixture
def story(
    page: Page, slow_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A signed-in writer's empty story, open in `page`; returns its address."""
    sign_up(page, slow_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, slow_site)
    return str(page.url)


def write_some(page: Page) -> str:
    """Let the model write a few words, then stop it; returns the text."""
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#story-text")).to_contain_text("lantern", timeout=15_000)
    shot(page, "streaming")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped")
    return str(page.locator("#story-text").inner_text())


def type_at_the_end(page: Page, text: str) -> None:
    """Type `text` after the last character and wait until it is saved."""
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)
    expect(page.locator("#saved")).to_have_text(SAVED)


def test_stop_then_continue(page: Page, story: str) -> None:
    stopped = write_some(page)
    assert stopped.startswith("Anna lifted")
    page.get_by_role("button", name="Continue").click()
    text = page.locator("#story-text")
    expect(text).to_contain_text("Anna lifted", timeout=10_000)
    page.wait_for_function("n => document.querySelector('#story-text').innerText.length > n + 20",
                           arg=len(stopped))  # fmt: skip
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_contain_text("Stopped")
    assert text.inner_text().startswith(stopped)


def test_typing_is_saved_and_survives_a_closed_tab(page: Page, story: str) -> None:
    type_at_the_end(page, "Once 🙂 there was")
    page.keyboard.press("Enter")
    page.keyboard.type("a second paragraph")
    page.goto("about:blank")
    page.goto(story)
    paragraphs = page.locator("#story-text p")
    expect(paragraphs).to_have_text(["Once 🙂 there was", "a second paragraph"])


def test_a_draft_that_never_reached_the_server_comes_back(
    page: Page, story: str, complaints: Complaints
) -> None:
    complaints.expected = "net::ERR_FAILED"  # the requests that are cut here
    page.route("**/text/", lambda route: route.abort())
    page.locator("#story-text").click()
    page.keyboard.type("written without a connection")
    expect(page.locator("#saved")).to_contain_text("trying again")
    page.goto("about:blank")
    page.unroute("**/text/")
    page.goto(story)
    expect(page.locator("#story-text")).to_have_text("written without a connection")
    wait_until_all_is_saved(page)
    page.reload()
    expect(page.locator("#story-text")).to_have_text("written without a connection")


def test_reloading_in_mid_story_catches_up(page: Page, story: str) -> None:
    page.get_by_role("button", name="Write a new story").click()
    text = page.locator("#story-text")
    expect(text).to_contain_text("lantern", timeout=15_000)
    page.reload()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(text).to_contain_text("Nobody had opened", timeout=15_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped")
    assert text.inner_text().count("Anna lifted") == 1


def test_a_second_tab_follows(page: Page, story: str) -> None:
    second = page.context.new_page()
    second.goto(story)
    page.get_by_role("button", name="Write a new story").click()
    expect(second.locator("#story-text")).to_contain_text("lantern", timeout=15_000)
    second.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped")
    expect(second.locator("#status")).to_contain_text("Stopped")
    assert page.locator("#story-text").inner_text() == second.locator("#story-text").inner_text()


def test_two_tabs_editing_lose_neither_text(page: Page, story: str) -> None:
    second = page.context.new_page()
    deafen(second)
    second.goto(story)
    type_at_the_end(page, "the first tab's words")
    second.locator("#story-text").click()
    second.keyboard.type("the second tab's words")
    expect(second.locator("#conflict")).to_be_visible()
    expect(second.locator("#conflict-theirs")).to_have_text("the first tab's words")
    shot(second, "conflict")
    second.get_by_role("button", name="Keep mine").click()
    expect(second.locator("#saved")).to_have_text(SAVED)
    page.reload()
    expect(page.locator("#story-text")).to_have_text("the second tab's words")


def test_takes_and_versions(page: Page, story: str) -> None:
    first = write_some(page)
    type_at_the_end(page, " My own ending.")
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.locator("#story-text")).to_contain_text("lantern", timeout=15_000)
    shot(page, "streaming")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#take-label")).to_have_text("Take 2 of 2")
    page.get_by_role("button", name="Earlier take").click()
    expect(page.locator("#story-text")).to_contain_text("My own ending.")
    expect(page.locator("#take-label")).to_have_text("Take 1 of 2")

    page.get_by_role("button", name="Versions").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    dialog.get_by_text("Version 1", exact=True).click()
    expect(dialog.locator(".version-view")).to_contain_text("Prompt")
    shot(page, "versions")
    dialog.get_by_role("button", name="Restore this version").click()
    expect(page.locator("#status")).to_contain_text("Restored")
    assert page.locator("#story-text").inner_text() == first


def test_good_story_and_title(page: Page, story: str) -> None:
    good = page.get_by_role("button", name="Good story")
    expect(good).to_be_disabled()
    type_at_the_end(page, "A story of mine.")
    page.get_by_role("button", name="Good story").click()
    expect(page.get_by_role("button", name="Good story")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#good-means")).to_contain_text("A curator may choose it")
    page.get_by_label("Title").fill("A title of mine")
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)
    page.goto(story.rsplit("/", 2)[0] + "/")
    expect(page.locator(".story-card h2")).to_contain_text("A title of mine")
    expect(page.locator(".star")).to_be_visible()
    shot(page, "library")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".story-card")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".story-card")).to_have_count(1)


def test_settings_are_saved_under_a_name_and_picked(page: Page, story: str) -> None:
    page.get_by_text("Saved settings").click()
    page.get_by_placeholder("Name for these settings").fill("Bedtime")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator("#presets")).to_contain_text("Saved as “Bedtime”")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("Main characters' names")).to_have_value("")
    page.get_by_role("button", name="Bedtime", exact=True).click()
    expect(page.get_by_label("Main characters' names")).to_have_value("Anna, Ben")
    page.get_by_label("Max number of words").fill("3.5")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Enter a whole number, in digits.")).to_be_visible()
    page.get_by_label("Max number of words").fill("120")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#prompt")).to_contain_text("maximum 120 words")


def test_the_keyboard_alone(page: Page, story: str) -> None:
    page.locator("#write").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#story-text")).to_contain_text("lantern", timeout=15_000)
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_contain_text("Stopped")
    page.locator("#story-text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" By hand.")
    expect(page.locator("#saved")).to_have_text(SAVED)
    page.keyboard.press("Control+z")
    expect(page.locator("#story-text")).not_to_contain_text("By hand.")
