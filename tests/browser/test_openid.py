"""Sign-in through a school's accounts, in a browser: there, back, and what pages look like."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import POCKET, Complaints, Site, serving, shot, sign_in, sign_up
from tests.stories.accounts.openid.provider import CLIENT, SECRET, Provider, provider

PHONE, DESKTOP = {"width": 390, "height": 760}, {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def school() -> Iterator[Provider]:
    """A school that asks who it is, and says that it is Anna, who teaches."""
    with provider(
        sub="number-1",
        preferred_username="anna",
        email="anna@school.example",
        email_verified=True,
        groups=["/teachers"],
    ) as found:
        found.asks = True
        yield found


@pytest.fixture(scope="module")
def site(school: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app with that school's accounts."""
    settings = {
        "OIDC_ISSUER": school.issuer,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_NAME": "School",
        "OIDC_CURATOR_GROUPS": "/teachers",
        "OIDC_ONLY": "true",
        "OIDC_SIGNUP": "true",
    }
    with serving(tmp_path_factory.mktemp("school"), **POCKET, **settings) as found:
        yield found


def looks(page: Page, name: str) -> None:
    """Leave pictures of a page: on a desk, at night, on a phone."""
    page.set_viewport_size(DESKTOP)
    shot(page, name)
    page.emulate_media(color_scheme="dark")
    shot(page, f"{name}-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    shot(page, f"{name}-phone")


def go_there(page: Page) -> None:
    """Press the button, and the one at the school."""
    page.get_by_role("button", name="Sign in with School").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The school")
    page.get_by_role("button", name="It is me").click()


def test_there_and_back(page: Page, site: Site, school: Provider, complaints: Complaints) -> None:
    complaints.expected = ("400", "409")  # what the pages of an end are answered with
    sign_up(page, site, "boss")
    page.goto(f"{site.url}/accounts/openid/connect/")
    looks(page, "openid-connect")
    page.context.clear_cookies()

    page.goto(f"{site.url}/stories/new/")
    looks(page, "openid-login")
    go_there(page)
    page.wait_for_url(f"{site.url}/stories/new/")
    page.set_viewport_size(DESKTOP)
    page.get_by_text("anna", exact=True).click()
    expect(page.get_by_role("link", name="Admin")).to_be_visible()
    expect(page.get_by_role("link", name="Change password")).to_have_count(0)
    shot(page, "openid-menu")
    page.get_by_role("link", name="Sign-in with School").click()
    expect(page.locator("main")).to_contain_text("is connected with the one that you have")
    page.goto(f"{site.url}/accounts/delete/")
    expect(page.get_by_label("Your user name, to confirm it")).to_be_visible()
    page.context.clear_cookies()

    # Back from where one is signed in already: the address is good for one time.
    page.goto(f"{site.url}/accounts/openid/callback/?code=x&state=y")
    expect(page.get_by_role("heading", level=1)).to_have_text("This sign-in is over")
    looks(page, "openid-over")
    page.get_by_role("link", name="Try again").click()
    # An administrator's password lets in, whatever the school does.
    page.get_by_text("For administrators").click()
    looks(page, "openid-login-password")
    sign_in(page, "boss")
    page.wait_for_url("**/stories/")
