"""A story in the language that its writer chooses."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Complaints, Site, serving, shot, sign_up
from tests.conftest import ScriptedServer

PHONE: ViewportSize = {"width": 390, "height": 844}
LONG = 30_000  # milliseconds


@pytest.fixture(scope="module")
def german_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a scripted Ollama that answers in German."""
    with serving(
        tmp_path_factory.mktemp("german"), OLLAMA_HOST=scripted_server.url, STORY_MODEL="german"
    ) as site:
        yield site


def test_a_story_in_german(page: Page, german_site: Site, complaints: Complaints) -> None:
    sign_up(page, german_site, "mehrsprachig")
    page.get_by_role("link", name="New story").first.click()
    chosen = page.get_by_label("Language")
    expect(chosen).to_have_value("")
    expect(page.get_by_text("writes English only")).to_be_hidden()
    page.get_by_label("Main characters' names").fill("Anna, Ben")
    chosen.select_option("Deutsch")
    shot(page, "language-new")
    page.get_by_role("button", name="Submit").click()
    text = page.locator("#story-text")
    expect(page.locator("#prompt")).to_contain_text("Write the story in German.")
    expect(text).to_have_attribute("lang", "de")
    # An empty one is in what is asked for.
    page.get_by_label("Language").select_option("Français")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#prompt")).to_contain_text("Write the story in French.")
    expect(text).to_have_attribute("lang", "fr")

    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    assert text.inner_text().startswith("Anna stieg die Treppe hinauf")
    expect(page.locator("#report")).to_contain_text("looks like German instead of French")
    expect(text).to_have_attribute("lang", "de")
    page.locator("#side > summary").click()
    page.get_by_label("Language").select_option("Deutsch")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#settings-line")).to_contain_text("German")
    page.get_by_role("button", name="Regenerate the story").click()
    expect(page.locator("#take-label")).to_have_text("Take 2 of 2", timeout=LONG)
    expect(page.locator("#report")).to_contain_text("German, as asked")
    shot(page, "language-report")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    page.reload()
    expect(page.locator("#words")).to_contain_text("words")
    expect(text).to_have_attribute("lang", "de")
    shot(page, "language-report-phone-dark")
    page.goto(f"{german_site.url}/stories/new/")
    expect(page.get_by_label("Language")).to_have_value("de")
    page.get_by_label("Language").scroll_into_view_if_needed()
    shot(page, "language-new-phone-dark")
    the_header_has_room_for_german(page)


def the_header_has_room_for_german(page: Page) -> None:
    """Its words are longer, and a phone's window holds them beside the menu."""
    page.locator("header .menu summary").click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("link", name="Meine Geschichten")).to_be_visible()
    for width in (390, 360):
        page.set_viewport_size({"width": width, "height": 844})
        expect(page.locator("header .menu summary")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    shot(page, "header-german-phone")
