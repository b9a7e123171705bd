"""A story's page has no fault that axe-core knows of, in any of its states."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access.scanning import Faults
from tests.browser.conftest import (
    Complaints,
    Site,
    deafen,
    drag_over,
    give_text,
    open_story,
    sign_up,
)

LONG = 20_000  # milliseconds
MIDDLE = " ".join(["Ben held the old map against the wind."] * 8)
TEXT = f"Anna lit the lantern.\n\n{MIDDLE}\n\nThe road went down to the harbour."


@pytest.fixture
def story(
    page: Page, slow_site: Site, complaints: Complaints, request: pytest.FixtureRequest
) -> None:
    """A writer's empty story, open in `page`, before a model that takes its time."""
    sign_up(page, slow_site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, slow_site)


@pytest.mark.usefixtures("story")
def test_written(page: Page) -> None:
    faults = Faults()
    faults.look(page, "empty")
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#story-text")).to_contain_text("lantern", timeout=LONG)
    faults.look(page, "being written")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#report dl")).to_be_visible(timeout=LONG)
    good = page.get_by_role("button", name="Good story")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    good.hover()
    faults.look(page, "marked as good, with its tip")
    page.get_by_role("button", name="Make a link to read").click()
    page.locator("summary").filter(has_text="Add tags").click()
    page.locator("#side").evaluate("(side) => (side.open = true)")
    for summary in page.locator("#settings summary, #report summary").all():
        summary.evaluate("(summary) => (summary.parentElement.open = true)")
    faults.look(page, "with everything unfolded")
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.locator("#story-text")).to_contain_text("Nobody had", timeout=LONG)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#takes")).to_be_visible(timeout=LONG)
    faults.look(page, "with two takes")
    page.get_by_role("button", name="Versions").click()
    page.get_by_text("Version 2", exact=True).click()
    expect(page.locator("#version-view h3")).to_be_visible()
    faults.look(page, "its versions")
    assert not faults, str(faults)


@pytest.mark.usefixtures("story")
def test_rewritten(page: Page) -> None:
    faults = Faults()
    give_text(page, TEXT)
    drag_over(page, MIDDLE)
    expect(page.locator("#selection-bar")).to_be_visible()
    faults.look(page, "with a selection")
    page.get_by_role("button", name="Select part to be rewritten").click()
    faults.look(page, "marked")
    page.get_by_text("Change register").click()
    page.get_by_label("New register").select_option("Vivid")
    page.get_by_role("button", name="Regenerate selected part only").click()
    expect(page.locator(".replacement")).to_contain_text("Anna", timeout=LONG)
    faults.look(page, "being rewritten")
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=LONG)
    faults.look(page, "rewritten")
    assert not faults, str(faults)


@pytest.mark.usefixtures("story")
def test_refused(page: Page, complaints: Complaints) -> None:
    complaints.expected = ("409", "ERR_INTERNET_DISCONNECTED")
    faults = Faults()
    give_text(page, TEXT)
    deafen(page)  # or it would follow the other one
    page.reload()
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("#story-text").click()
    other.keyboard.press("Control+End")
    other.keyboard.type(" And up again.")
    expect(other.locator("#saved")).to_have_text("Saved")
    other.close()
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And home.")
    expect(page.locator("#conflict")).to_be_visible(timeout=LONG)
    faults.look(page, "with a conflict")
    page.get_by_role("button", name="Keep mine").click()
    page.context.set_offline(True)
    page.locator("#story-text").click()
    page.keyboard.type("!")
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    faults.look(page, "offline")
    page.context.set_offline(False)
    assert not faults, str(faults)
