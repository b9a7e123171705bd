"""A model server without the model: the administrator installs it from the page, and it writes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, open_story, serving, shot, sign_up
from tests.conftest import ScriptedServer


@pytest.fixture
def bare_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a scripted Ollama that has to download its model first."""
    with serving(
        tmp_path_factory.mktemp("bare"), OLLAMA_HOST=scripted_server.url, STORY_MODEL="absent-yet"
    ) as site:
        yield site


def test_the_administrator_installs_the_model(
    page: Page, bare_site: Site, complaints: Complaints
) -> None:
    sign_up(page, bare_site, "founder")
    open_story(page, bare_site)
    page.get_by_role("button", name="Write a new story").click()
    expect(page.get_by_role("alert")).to_contain_text("not installed on the model server")
    shot(page, "model-missing")
    page.get_by_role("button", name="Install absent-yet").click()
    expect(page.get_by_role("progressbar", name="Download")).to_be_visible()
    expect(page.locator("#install")).to_contain_text("GB")
    shot(page, "model-installing")
    expect(page.locator("#install")).to_contain_text("The model is installed.")
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#story-text")).to_contain_text("Anna lifted the lantern", timeout=15_000)
