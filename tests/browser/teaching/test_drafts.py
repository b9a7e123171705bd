"""Curators read what was marked good, and of all else the number: on their pages, in the admin."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from stories.history import library
from stories.models import Story, User
from tests.browser.access.test_pages import sign_in
from tests.browser.conftest import shot
from tests.conftest import story_settings

MARKED = "Anna found the lantern. Ben found the old map."
DRAFT = "Nobody but its writer reads this."


def test_a_curator_reads_no_drafts(
    page: Page, live_server: LiveServer, alice: User, story: Story
) -> None:
    library.save_text(story, alice, MARKED, 0)
    library.set_good(story, True)
    library.save_text(story, alice, f"{MARKED} {DRAFT}", 1)
    draft = library.create_story(alice, story_settings(main_characters="Zoe"))
    library.save_text(draft, alice, DRAFT, 0)
    sign_in(page, User.objects.create_user("rosa", is_staff=True), live_server)
    admin = f"{live_server.url}/admin/stories/story"

    page.goto(f"{admin}/")
    expect(page.get_by_text("1 of 2 are of stories that their writers marked")).to_be_visible()
    expect(page.get_by_role("link", name="Anna and the Lantern")).to_be_visible()
    expect(page.get_by_text("Zoe and the Lantern")).to_have_count(0)
    shot(page, "curator-stories")
    page.get_by_role("link", name="Anna and the Lantern").click()
    expect(page.get_by_text(MARKED)).to_be_visible()
    expect(page.get_by_text(DRAFT)).to_have_count(0)

    page.goto(f"{live_server.url}/teach/")
    page.get_by_role("link", name="Approve 1 story").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna and the Lantern")
    expect(page.locator(".prose")).to_have_text(MARKED)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Nothing waits to be read.")).to_be_visible()

    # The draft has no page for a curator, whose address they may guess.
    for address in (
        f"{admin}/{draft.pk}/change/",
        f"{live_server.url}/teach/read/{draft.pk}/",
        f"{live_server.url}/stories/{draft.pk}/",
        f"{live_server.url}/stories/{story.pk}/",
    ):
        page.goto(address)
        expect(page.locator("main")).to_be_visible()
        expect(page.get_by_text(DRAFT)).to_have_count(0)
        expect(page.get_by_text("Zoe and the Lantern")).to_have_count(0)
