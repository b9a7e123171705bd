"""Below a path, behind Caddy: everything is asked for there, and nothing beside it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    POCKET,
    Complaints,
    Site,
    open_story,
    serving,
    sign_up,
    stored,
    wait_until_all_is_saved,
)
from tests.support.processes import free_port, stop, wait_until_ready

PREFIX = "/stories"  # the name of a page of ours too: what is taken off twice is noticed
LONG = 60_000  # milliseconds
pytestmark = pytest.mark.browser_context_args(service_workers="allow")
CADDYFILE = """{
	admin off
	auto_https off
}
ORIGIN {
	handle /stories* {
		reverse_proxy 127.0.0.1:WEB
	}
	handle {
		respond "something else" 418
	}
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app below a path of an origin where something else has the root."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy is not installed")
    folder = tmp_path_factory.mktemp("below")
    origin = f"http://127.0.0.1:{free_port()}"
    public = {"PUBLIC_ORIGINS": origin, "PATH_PREFIX": PREFIX, "TRUSTED_PROXY_COUNT": "1"}
    with serving(folder / "data", **public, **POCKET) as inner:
        web = inner.url.rpartition(":")[2]
        config = folder / "Caddyfile"
        config.write_text(CADDYFILE.replace("ORIGIN", origin).replace("WEB", web))
        proxy = subprocess.Popen(
            [program, "run", "--config", str(config), "--adapter", "caddyfile"],
            env={"HOME": str(folder)},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until_ready(f"{origin}{PREFIX}/health/", proxy)
            yield Site(f"{origin}{PREFIX}", inner.data)
        finally:
            stop(proxy)


def test_the_whole_way_stays_below_the_path(
    page: Page, site: Site, complaints: Complaints, tmp_path: Path
) -> None:
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:")))
    page.goto(site.url)  # without the slash, as people type it
    expect(page).to_have_url(f"{site.url}/")
    sign_up(page, site, "alice")
    assert {cookie["path"] for cookie in page.context.cookies()} == {f"{PREFIX}/"}

    open_story(page, site, words="40")
    page.get_by_role("button", name="Write a new story").click()
    editable = page.locator("#story-text[contenteditable=true]")
    expect(editable).to_contain_text(re.compile(r"\w+ \w+"), timeout=LONG)
    expect(page.get_by_role("button", name="Regenerate the story")).to_be_enabled(timeout=LONG)
    editable.press("End")
    editable.press_sequentially(" Saved below.")
    wait_until_all_is_saved(page)
    page.reload()
    expect(editable).to_contain_text("Saved below.")
    assert "Saved below." in stored(site, page).text
    with page.expect_download() as download:
        page.evaluate(
            "document.querySelector('a[href*=\"/download/\"]').click()",
        )
    assert download.value.url.startswith(f"{site.url}/stories/")

    scope = page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.scope)")
    assert scope == f"{site.url}/"
    manifest = page.request.get(f"{site.url}/manifest.webmanifest").json()
    assert (manifest["id"], manifest["scope"]) == (f"{PREFIX}/", f"{PREFIX}/")
    page.request.post(
        f"{site.url}/language/",
        form={"language": "en"},
        headers={"X-CSRFToken": page.locator("[name=csrfmiddlewaretoken]").first.input_value()},
    )
    paths = {cookie["name"]: cookie["path"] for cookie in page.context.cookies()}
    assert paths["storaiteller_language"] == f"{PREFIX}/"
    page.goto(f"{site.url}/admin/")
    expect(page.get_by_role("link", name="Stories").first).to_be_visible()
    page.goto(f"{site.url}/stories/trash/")
    page.context.clear_cookies()
    page.goto(f"{site.url}/stories/trash/")
    expect(page).to_have_url(re.compile(f"{PREFIX}/accounts/login/\\?next={PREFIX}/stories/trash/"))

    assert any("/ws/stories/" in url for url in asked)
    outside = {url for url in asked if not url.startswith((f"{site.url}/", "data:", "blob:"))}
    assert outside == {site.url}, "what was typed without its slash"


def test_a_mail_leads_below_the_path(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/accounts/signup/")
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Email").fill("bob@example.org")
    page.get_by_label("Password", exact=False).first.fill("a-long-password-of-bob")
    page.get_by_label("Password, once more").fill("a-long-password-of-bob")
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(f"{site.url}/stories/")
    page.context.clear_cookies()
    page.goto(f"{site.url}/accounts/password/reset/")
    page.get_by_label("Email").fill("bob@example.org")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"{site.url}/accounts/password/reset/done/")
    mails = "".join(path.read_text() for path in (site.data / "mail").iterdir())
    assert f"{site.url}/accounts/password/reset/key/" in mails
