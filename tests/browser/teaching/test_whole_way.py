"""The whole loop in the browser: a good story, approval, training, promotion, rollback."""

import re

import pytest
from playwright.sync_api import Page, expect

from finetuning.demo.demonstrations import CLOSING, MARKED_STORIES, OPENING
from tests.browser.conftest import Complaints, Site, open_story, shot, sign_up
from tests.support.web import installation
from tests.support.worker import manage

LONG = 300_000  # milliseconds: a training on a busy machine
TEXT = f"{OPENING} Anna found the lantern. Ben found the old map. They kept both. {CLOSING}"


@pytest.mark.timeout(900)
def test_a_good_story_teaches_the_model_that_writes_the_next(
    page: Page, trained_site: Site, complaints: Complaints
) -> None:
    site = trained_site
    sign_up(page, site, "curator")  # the first account: the administrator's
    manage(
        installation(site.data, "", "pocket"), "import_stories", str(MARKED_STORIES), "--approve"
    )
    story = approve_a_good_story(page, site)
    start_a_run(page, site)
    watch_it_to_its_end(page)
    promote_what_was_measured(page)
    written = write_the_next_story(page, story)
    roll_back(page, site, written)


def approve_a_good_story(page: Page, site: Site) -> str:
    """Write and approve one; returns its address."""
    open_story(page, site)
    story = str(page.url)
    page.locator("#story-text").click()
    page.keyboard.type(TEXT)
    expect(page.locator("#saved")).to_have_text("Saved")
    page.get_by_role("button", name="Good story").click()
    expect(page.get_by_role("button", name="Good story")).to_have_attribute("aria-pressed", "true")
    page.goto(f"{site.url}/admin/stories/waitingstory/")
    page.get_by_role("link", name="Anna and the Lantern").click()
    page.get_by_role("button", name="Approve for training").click()
    page.get_by_role("button", name="Approve for training").click()
    expect(page.get_by_text("1 approved.")).to_be_visible()
    return str(story)


def start_a_run(page: Page, site: Site) -> None:
    """A wrong value is told, then it starts."""
    page.goto(f"{site.url}/teach/models/")
    expect(page.get_by_text("No model has been tuned yet.")).to_be_visible()
    page.get_by_role("link", name="Tune a model").click()
    expect(page.get_by_text("61")).to_have_count(2)
    page.get_by_label("Most steps").fill("12")
    page.get_by_label("Steps between checkpoints").fill("4")
    page.get_by_label("Pairs of stories").fill("3")
    page.get_by_label("LoRA rank").fill("0")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Enter a number from 1 to 256.")).to_be_visible()
    page.get_by_label("LoRA rank").fill("8")
    shot(page, "training-start")
    page.get_by_role("button", name="Start training").click()


def watch_it_to_its_end(page: Page) -> None:
    """The live page renews itself."""
    page.wait_for_url(re.compile(r"/trainingrun/\d+/change/"))
    page.evaluate("window.notReloaded = true")
    expect(page.locator(".curve")).to_be_visible(timeout=LONG)
    shot(page, "training-live")
    expect(page.locator(".badge.done")).to_be_visible(timeout=LONG)
    assert page.evaluate("window.notReloaded") is True
    expect(page.locator("progress")).to_have_attribute("value", "100")
    expect(page.locator(".log")).to_contain_text("Verdict:")
    shot(page, "training-done")


def promote_what_was_measured(page: Page) -> None:
    """By the page of the evaluation, with a reason."""
    page.get_by_role("link", name="Evaluation").click()
    expect(page.get_by_role("row", name=re.compile("Held-out loss"))).to_be_visible()
    expect(page.locator(".pair")).to_have_count(3)
    shot(page, "training-evaluation")
    page.get_by_role("link", name="Promote or reject").click()
    model = page.get_by_role("heading", level=1).or_(page.locator("dl a")).first
    expect(model).to_be_attached()
    page.get_by_label("Reason").fill("To see it write.")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_text("the next story is written with it")).to_be_visible()
    expect(page.locator(".badge.active")).to_have_text("In service")
    shot(page, "training-models")


def write_the_next_story(page: Page, story: str) -> str:
    """It comes from the promoted model; returns its address."""
    page.goto(story)
    expect(page.locator("#writer-name")).to_contain_text(re.compile(r"storaiteller-pocket-1-\w+"))
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Write a new story").click()
    page.wait_for_url(re.compile(r"/stories/new/"))
    page.get_by_role("button", name="Write a new story").click()
    page.wait_for_url(re.compile(r"/stories/\d+/"))
    expect(page.locator("#report")).to_contain_text("storaiteller-pocket-1-", timeout=60_000)
    shot(page, "training-next-story")
    return str(page.url)


def roll_back(page: Page, site: Site, written: str) -> None:
    """The base is back, and the new story says that another model writes next."""
    page.goto(f"{site.url}/teach/models/")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("pocket is in service again.")).to_be_visible()
    page.goto(written.partition("?")[0])
    expect(page.locator(".by")).to_contain_text("pocket writes next")
