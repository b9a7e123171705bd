"""From the writer's mark to the curator's decision, in the browser."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, open_story, shot, sign_up

TEXT = "Anna found the lantern. Ben found the old map. They went home, and kept both."


def test_a_good_story_is_approved_in_the_queue(
    page: Page, curated_site: Site, complaints: Complaints
) -> None:
    sign_up(page, curated_site, "curator")  # the first account: the administrator's
    open_story(page, curated_site)
    page.locator("#story-text").click()
    page.keyboard.type(TEXT)
    expect(page.locator("#saved")).to_have_text("Saved")
    story = page.url
    page.keyboard.type(" A last thought.")  # the mark is about this too
    page.get_by_role("button", name="Good story").click()
    expect(page.get_by_role("button", name="Good story")).to_have_attribute("aria-pressed", "true")

    page.goto(f"{curated_site.url}/admin/")
    shot(page, "admin")
    page.goto(f"{curated_site.url}/admin/stories/waitingstory/")
    expect(page.get_by_text("Anna and the Lantern")).to_be_visible()
    shot(page, "admin-queue")
    page.get_by_role("link", name="Anna and the Lantern").click()
    expect(page.get_by_text("They went home, and kept both.")).to_be_visible()
    expect(page.get_by_text("A last thought.")).to_be_visible()
    expect(page.get_by_text("Mystery")).to_be_visible()
    shot(page, "admin-story")
    page.get_by_role("button", name="Approve for training").click()
    page.get_by_label("Reason").fill("A whole story.")
    shot(page, "admin-decide")
    page.get_by_role("button", name="Approve for training").click()
    expect(page.get_by_text("1 approved.")).to_be_visible()
    expect(page.get_by_role("link", name="Anna and the Lantern")).to_have_count(0)
    page.goto(story)
    expect(page.locator("#good-means")).to_contain_text("A curator approved this story")
    page.goto(f"{curated_site.url}/admin/stories/story/")
    expect(page.locator("#result_list")).to_contain_text(re.compile("Approved"))
