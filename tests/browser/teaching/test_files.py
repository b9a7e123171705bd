"""A file of one's own in the browser: looked at, asked about, brought in; and out again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Site, serving, shot, sign_up

CASES = Path(__file__).resolve().parents[2] / "cases"


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose first account is the administrator's."""
    with serving(tmp_path_factory.mktemp("files")) as site:
        yield site


def test_a_file_is_looked_at_asked_about_and_brought_in(
    page: Page, own_site: Site, complaints: Complaints
) -> None:
    sign_up(page, own_site, "curator")
    page.goto(f"{own_site.url}/teach/")
    page.get_by_role("link", name="Files").click()
    file = page.get_by_label("File of stories")
    file.set_input_files(CASES / "mojibake.csv")
    expect(page.get_by_text("2 rows look spoilt. What should be done?")).to_be_visible()
    expect(page.get_by_role("button", name="Bring in")).to_have_count(0)
    shot(page, "files-asked")
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "files-asked-phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("Put them right").check()
    expect(page.get_by_role("cell", name="Él llegó. Fin.")).to_be_visible()
    expect(page.get_by_label("Put them right")).to_be_checked()
    shot(page, "files-read")
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Bring in 2 stories").click()
    expect(page.get_by_text("2 stories are yours now, and wait for a curator.")).to_be_visible()
    shot(page, "files-brought")
    page.get_by_label("File of stories").set_input_files(CASES / "semicolon.csv")
    expect(page.get_by_text("There is nothing new in this file.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV, for spreadsheets").click()
    assert download.value.suggested_filename == "datastories.csv"
