"""A story's page, for what a page has to be wherever it is shown."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Complaints, Site, open_story, sign_up


@pytest.fixture
def story(page: Page, site: Site, complaints: Complaints, request: pytest.FixtureRequest) -> str:
    """A signed-in writer's empty story, open in `page`; returns its address."""
    sign_up(page, site, re.sub(r"\W", "", request.node.name)[:40])
    open_story(page, site)
    page.locator("#story-text[contenteditable=true]").wait_for()
    return str(page.url)


def name_it(page: Page, title: str) -> None:
    """Give the story in `page` its title."""
    page.get_by_label("Title").fill(title)
    with page.expect_response("**/title/"):
        page.keyboard.press("Tab")
