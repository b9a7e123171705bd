"""Markup that wants to run, in a real browser: typed, streamed, read again, curated."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import (
    Complaints,
    Site,
    fill_settings,
    open_story,
    serving,
    sign_up,
)
from tests.conftest import ScriptedServer
from tests.security.corpus import MARKUP

TYPED = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def hostile_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a model that writes markup."""
    with serving(
        tmp_path_factory.mktemp("hostile"), OLLAMA_HOST=scripted_server.url, STORY_MODEL="markup"
    ) as site:
        yield site


@pytest.fixture
def dialogs(page: Page) -> list[str]:
    """What a script managed to say."""
    found: list[str] = []

    def close(dialog: Dialog) -> None:
        found.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", close)
    return found


def test_no_markup_runs_anywhere(
    page: Page, hostile_site: Site, complaints: Complaints, dialogs: list[str]
) -> None:
    # The first account, and so its own curator.
    sign_up(page, hostile_site, "hostile")
    open_story(page, hostile_site, characters=TYPED, keywords=TYPED, words="1000")
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#story-text")).to_contain_text(MARKUP[-1], timeout=30_000)
    expect(page.locator("#story-text")).to_contain_text(MARKUP[0])
    address = page.url
    page.get_by_role("button", name="Good story").click()
    expect(page.get_by_role("button", name="Good story")).to_have_attribute("aria-pressed", "true")

    number = address.rstrip("/").rsplit("/", 1)[-1]
    for path in (
        f"/stories/{number}/",
        f"/stories/{number}/versions/1/",
        "/stories/",
        f"/stories/new/?like={number}",
        "/admin/stories/story/",
        f"/admin/stories/story/{number}/change/",
        f"/teach/read/{number}/",
        "/admin/stories/generation/1/change/",
    ):
        page.goto(f"{hostile_site.url}{path}")
        assert "alert" in page.content(), path
        assert page.locator("img[src=x], svg[onload], iframe, base[href*=evil]").count() == 0, path
    page.goto(f"{hostile_site.url}/stories/new/")
    fill_settings(page, characters=TYPED, keywords=TYPED)
    assert dialogs == []
