"""The first story in two clicks, what happens next, and which model writes."""

import re
import sqlite3
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import (
    Complaints,
    Site,
    give_text,
    open_story,
    serving,
    shot,
    sign_up,
)
from tests.conftest import ScriptedServer

PHONE: ViewportSize = {"width": 390, "height": 844}
LONG = 30_000  # milliseconds
STORY = re.compile(r"/stories/\d+/$")


@pytest.fixture(scope="module")
def steady_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a scripted Ollama with several models."""
    with serving(
        tmp_path_factory.mktemp("steady"), OLLAMA_HOST=scripted_server.url, STORY_MODEL="steady"
    ) as site:
        yield site


def generations(site: Site, column: str) -> list[object]:
    """Return a column of all generations, the newest first."""
    connection = sqlite3.connect(site.data / "db.sqlite3")
    try:
        rows = connection.execute(f"select {column} from stories_generation order by id desc")
        return [row[0] for row in rows]
    finally:
        connection.close()


def test_two_clicks_and_nothing_to_fill_in(page: Page, site: Site, complaints: Complaints) -> None:
    sign_up(page, site, "hasty")
    page.get_by_role("link", name="New story").first.click()
    expect(page.get_by_label("What should happen")).to_be_visible()
    shot(page, "wishes-new")
    page.get_by_role("button", name="Write a new story").click()
    page.wait_for_url(STORY)
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    assert len(page.locator("#story-text").inner_text().split()) > 20
    expect(page.locator("#title")).to_have_value("Adventure story")
    report = page.locator("#report")
    expect(report).to_contain_text("Words")
    expect(report).not_to_contain_text("Names")
    expect(report).not_to_contain_text("Keywords")


def test_an_example_is_one_click(page: Page, site: Site, complaints: Complaints) -> None:
    sign_up(page, site, "curious")
    shot(page, "wishes-home")
    page.set_viewport_size(PHONE)
    shot(page, "wishes-home-phone")
    page.get_by_role("button", name="The dragon who can’t sleep").click()
    page.wait_for_url(STORY)
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    assert len(page.locator("#story-text").inner_text().split()) > 20
    page.get_by_text("What the model was asked").click()
    expect(page.locator("#report .prompt")).to_contain_text(
        "This is what should happen in the story: A small dragon can’t sleep."
    )
    shot(page, "wishes-asked-phone")


def test_reset_empties_what_should_happen_too(
    page: Page, site: Site, complaints: Complaints
) -> None:
    sign_up(page, site, "resetter")
    page.goto(f"{site.url}/stories/new/?example=light")
    expect(page.get_by_label("Main characters' names")).to_have_value("Anna, Old Ben")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("What should happen")).to_have_value("")
    expect(page.get_by_label("What should happen")).to_be_focused()
    page.get_by_role("button", name="Write a new story").click()
    page.wait_for_url(STORY)


def test_continue_takes_what_happens_next(
    page: Page, steady_site: Site, complaints: Complaints
) -> None:
    sign_up(page, steady_site, "planner")
    open_story(page, steady_site)
    field = page.get_by_label("What happens next?")
    expect(field).to_be_hidden()
    give_text(page, "Anna lit the lamp.")
    field.fill("The lamp goes out.")
    shot(page, "wishes-next")
    field.press("Enter")
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    expect(field).to_have_value("")
    assert generations(steady_site, "instruction")[0] == "The lamp goes out."
    page.reload()
    give_text(page, "Ben went home.")
    field.fill("Somebody knocks.")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(field).to_have_value("", timeout=LONG)
    assert generations(steady_site, "instruction")[0] == "Somebody knocks."
    page.get_by_text("What the model was asked").click()
    expect(page.locator("#report .prompt")).to_contain_text("what happens next: Somebody knocks.")


def test_another_model_is_chosen_and_gone(
    page: Page, steady_site: Site, scripted_server: ScriptedServer, complaints: Complaints
) -> None:
    sign_up(page, steady_site, "chooser")
    open_story(page, steady_site)
    panel = page.locator("#writer")
    expect(panel.locator("summary").first).to_have_text("Model: steady")
    panel.locator("summary").first.click()
    expect(panel.get_by_label("steady, the default")).to_be_checked()
    panel.get_by_label("tale", exact=False).check()
    expect(panel).to_contain_text("Kept")
    expect(panel.locator("summary").first).to_have_text("Model: tale")
    panel.get_by_text("More", exact=True).click()
    panel.get_by_label("Words at a time").fill("20")
    panel.get_by_label("Temperature").fill("9")
    panel.get_by_role("button", name="Keep these").click()
    expect(panel).to_contain_text("Enter a number from 0 to 2.")
    shot(page, "wishes-models")
    panel.get_by_label("Temperature").fill("0.4")
    panel.get_by_label("Temperature").press("Enter")
    expect(panel).to_contain_text("Kept")
    page.get_by_role("button", name="Write a new story").click()
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    assert generations(steady_site, "model")[0] == "tale"
    page.reload()
    expect(panel.locator("summary").first).to_have_text("Model: tale")

    httpx.post(f"{scripted_server.url}/remove", json=["tale"], trust_env=False)
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("not on the model server any more")
    expect(panel).to_contain_text("The model tale that you chose is not on the model server")
    shot(page, "wishes-gone")
    page.get_by_role("button", name="Write with steady").click()
    expect(panel.locator("summary").first).to_have_text("Model: steady")
    expect(page.get_by_role("button", name="Write with steady")).to_be_hidden()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("#status")).to_have_text("Done", timeout=LONG)
    assert generations(steady_site, "model")[0] == "steady"
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    panel.scroll_into_view_if_needed()
    shot(page, "wishes-models-phone-dark")


def test_pocket_shows_the_way_to_a_better_model(
    page: Page, site: Site, complaints: Complaints
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_up(page, site, "upgrader")
    open_story(page, site)
    page.locator("#writer summary").first.click()
    page.get_by_role("link", name="Llama 3.2 through Ollama").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A better model")
    expect(page.locator("#steps li")).to_have_count(3)
    page.locator("#copy-pull").click()
    expect(page.locator("#copy-pull")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "ollama pull llama3.2"
    shot(page, "wishes-guide")
    page.set_viewport_size(PHONE)
    shot(page, "wishes-guide-phone")
    with page.expect_response("**/model/steps/**") as asked:
        pass
    assert asked.value.status == 204, "nothing has changed"
