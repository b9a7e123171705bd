"""The admin's pages have no fault that axe-core knows of: ours, and those that Unfold makes."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from stories.history import library, links
from stories.models import Generation, Story, User
from tests.browser.access.scanning import Faults
from tests.browser.access.test_pages import TEXT, sign_in


@pytest.fixture
def boss(page: Page, live_server: LiveServer, alice: User) -> User:
    """An administrator who is signed in and has done something."""
    boss = User.objects.create_superuser("boss", password="boss's-long-password")
    LogEntry.objects.log_actions(boss.pk, [alice], CHANGE, "Changed.", single_object=True)
    sign_in(page, boss, live_server)
    return boss


@pytest.fixture
def good(story: Story) -> Story:
    """Alice's story, marked as good, with a link to read."""
    library.save_text(story, story.owner, TEXT, 0)
    library.set_good(story, True)
    links.make_link(story)
    return story


def test_stories(page: Page, live_server: LiveServer, boss: User, good: Story) -> None:
    faults, admin = Faults(), f"{live_server.url}/admin"
    faults.visit(page, f"{admin}/", f"{admin}/finetuning/trainingexample/")
    faults.visit(page, f"{admin}/stories/story/", f"{admin}/stories/story/{good.pk}/change/")
    faults.visit(page, f"{admin}/stories/sharedstory/", f"{admin}/stories/preferencepair/")
    assert not faults, str(faults)


def test_library(page: Page, live_server: LiveServer, boss: User, good: Story) -> None:
    faults, admin = Faults(), f"{live_server.url}/admin/stories"
    made = Generation.objects.create(
        story=good, settings=good.settings, kind="write", status="done", model="m", seed=1
    )
    Story.objects.filter(pk=good.pk).update(good_version=good.version)
    faults.visit(page, f"{admin}/generation/", f"{admin}/storysettings/")
    faults.visit(page, f"{live_server.url}/admin/stories/", f"{admin}/generation/{made.pk}/change/")
    assert not faults, str(faults)


def test_users(page: Page, live_server: LiveServer, boss: User, alice: User) -> None:
    faults, users = Faults(), f"{live_server.url}/admin/stories/user/"
    faults.visit(page, users, f"{users}add/", f"{users}{alice.pk}/history/")
    faults.visit(page, f"{users}{alice.pk}/password/", f"{users}{alice.pk}/delete/")
    page.goto(f"{users}{alice.pk}/change/")
    faults.look(page, "a user")
    page.get_by_role("button", name="Make a link to set a new password").click()
    faults.look(page, "a link for a user")
    assert not faults, str(faults)
