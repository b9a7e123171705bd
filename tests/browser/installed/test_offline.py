"""Without a connection, what was read can be read and what is typed is kept; for its writer."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    POCKET,
    Complaints,
    Site,
    give_text,
    open_story,
    serving,
    shot,
    sign_in,
    sign_up,
    stored,
)
from tests.support.cable import Cable

LONG = 30_000  # milliseconds
TEXT = "Anna lit the lantern.\n\nBen held the old map."
OFFLINE = "You’re offline"
pytestmark = pytest.mark.browser_context_args(service_workers="allow")


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    """The way to the site, which a test can cut: no emulation, of which a worker hears too late."""
    made = Cable()
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, cable: Cable) -> Iterator[Site]:
    """The app, as it is known at the other end of the cable."""
    origin = f"http://127.0.0.1:{cable.port}"
    with serving(tmp_path_factory.mktemp("cut"), PUBLIC_ORIGINS=origin, **POCKET) as site:
        cable.lead_to(int(site.url.rpartition(":")[2]))
        yield site


@pytest.fixture
def reached(site: Site, cable: Cable) -> Site:
    """The site at the other end of the cable."""
    return replace(site, url=f"http://127.0.0.1:{cable.port}")


@pytest.fixture
def story(
    page: Page, reached: Site, cable: Cable, complaints: Complaints, request: pytest.FixtureRequest
) -> str:
    """A writer's story, open in `page` and kept by the browser; returns its address."""
    cable.plug()
    complaints.expected = (
        "ERR_CONNECTION",
        "ERR_SOCKET",
        "ERR_EMPTY_RESPONSE",
        "ERR_FAILED",
        "WebSocket",
        "409",
    )
    sign_up(page, reached, re.sub(r"\W", "", request.node.name)[:40])
    wait_until(page, "navigator.serviceWorker.controller !== null")
    open_story(page, reached)
    give_text(page, TEXT)
    wait_for_copy(page, "Ben held")
    return str(page.url)


def wait_until(page: Page, script: str) -> None:
    """Wait until `script` yields true; Playwright's own waiting is not what the policy allows."""
    for _ in range(100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(200)
    pytest.fail(f"Never true: {script}")


def wait_for_copy(page: Page, text: str) -> None:
    """Wait until the browser's copy of the open story has `text`, which has no quotes."""
    wait_until(
        page,
        f"""(async () => {{
          const cache = await caches.open("storaiteller-stories");
          const kept = await cache.match(location.pathname);
          return kept !== undefined && (await kept.text()).includes("{text}");
        }})()""",
    )


def test_a_story_is_read_and_edited_without_a_connection(
    page: Page, story: str, reached: Site, cable: Cable
) -> None:
    cable.pull()
    page.reload()
    expect(page.locator("#story-text p")).to_have_text(TEXT.split("\n\n"))
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" It was blank.")
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    shot(page, "offline-story")
    page.reload()
    expect(page.locator("#story-text")).to_contain_text("It was blank.")
    assert stored(reached, page).text == TEXT
    cable.plug()
    expect(page.locator("#saved")).to_have_text("Saved", timeout=LONG)
    assert stored(reached, page).text == f"{TEXT} It was blank."


def test_any_other_page_says_so_and_leads_to_what_can_be_read(
    page: Page, story: str, reached: Site, cable: Cable
) -> None:
    cable.pull()
    page.goto(f"{reached.url}/stories/new/")
    expect(page.get_by_role("heading", level=1)).to_have_text(OFFLINE)
    shot(page, "offline")
    page.get_by_role("link", name="Anna and the Lantern").click()
    expect(page.locator("#story-text")).to_contain_text("Ben held the old map.")
    page.goto(f"{reached.url}/stories/new/")
    cable.plug()
    expect(page.get_by_role("heading", level=1)).to_have_text("New story", timeout=LONG)


def test_where_the_network_answers_its_answer_is_shown(
    page: Page, story: str, reached: Site
) -> None:
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Newer.")
    expect(page.locator("#saved")).to_have_text("Saved")
    page.evaluate(
        """async () => {
          const cache = await caches.open("storaiteller-stories");
          const headers = { "Content-Type": "text/html" };
          await cache.put(location.pathname, new Response("Stale.", { headers }));
        }"""
    )
    page.goto(story)
    expect(page.locator("#story-text")).to_contain_text("Newer.")
    wait_for_copy(page, "Newer.")


def test_a_copy_goes_along_with_what_is_typed(page: Page, story: str) -> None:
    page.locator("#story-text").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Newer.")
    expect(page.locator("#saved")).to_have_text("Saved")
    wait_for_copy(page, "Newer.")


def test_a_copy_looks_again_once_there_is_a_connection(
    page: Page, story: str, reached: Site, cable: Cable, site: Site
) -> None:
    cable.pull()
    page.reload()
    expect(page.locator("#status")).to_contain_text("Connection lost", timeout=LONG)
    # Meanwhile the story goes on elsewhere, where no cable was pulled.
    straight = story.replace(reached.url, site.url)
    state = page.evaluate("JSON.parse(document.getElementById('story-state').textContent)")
    headers = page.evaluate("JSON.parse(document.body.getAttribute('hx-headers'))")
    elsewhere = page.request.post(
        f"{straight}text/",
        headers={**headers, "Referer": straight},
        data={"version": state["version"], "text": "Written elsewhere."},
    )
    assert elsewhere.ok
    cable.plug()
    expect(page.locator("#story-text")).to_have_text("Written elsewhere.", timeout=LONG)


def test_nothing_is_left_for_the_next_person(
    page: Page, story: str, reached: Site, cable: Cable
) -> None:
    page.locator("header .menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{reached.url}/")
    wait_until(page, "caches.has('storaiteller-stories').then((has) => !has)")
    cable.pull()
    page.goto(story)
    expect(page.get_by_role("heading", level=1)).to_have_text(OFFLINE)
    expect(page.get_by_role("link", name="Anna and the Lantern")).to_have_count(0)
    cable.plug()


def test_whose_session_has_ended_has_no_copies_either(
    page: Page, story: str, reached: Site
) -> None:
    name = page.locator("header .menu summary").inner_text()
    page.context.clear_cookies()
    page.goto(story)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    wait_until(page, "caches.has('storaiteller-stories').then((has) => !has)")
    sign_in(page, name)
    page.wait_for_url(story)
    wait_for_copy(page, "Ben held")
