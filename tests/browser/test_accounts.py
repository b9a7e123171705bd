"""Coming in, from two tabs; and what is wrong is seen, in its own colour, beside the text."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    PASSWORD,
    Complaints,
    Site,
    give_text,
    open_story,
    shot,
    sign_in,
    sign_up,
)

NARROW = {"width": 390, "height": 760}


@pytest.fixture
def writer(page: Page, site: Site, request: pytest.FixtureRequest) -> str:
    """Somebody with an account of their own, signed in."""
    name = f"writer-{abs(hash(request.node.name))}"
    sign_up(page, site, name)
    return name


def test_signing_in_from_two_tabs(
    page: Page, site: Site, writer: str, complaints: Complaints
) -> None:
    complaints.expected = "403"
    page.context.clear_cookies()
    page.goto(f"{site.url}/accounts/login/?next=/stories/new/")
    first = page.context.new_page()
    first.goto(f"{site.url}/accounts/login/")
    sign_in(first, writer)
    first.wait_for_url("**/stories/")
    page.bring_to_front()
    sign_in(page, writer)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in already")
    shot(page, "signed-in-already")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/stories/new/")


def test_what_was_typed_into_a_stale_tab_is_sent_again(
    page: Page, site: Site, writer: str, complaints: Complaints
) -> None:
    complaints.expected = "403"
    page.goto(f"{site.url}/accounts/password/change/")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another long one 9")
    page.get_by_label("New password, once more").fill("another long one 9")
    other = page.context.new_page()
    other.goto(f"{site.url}/accounts/logout/")
    other.locator("main").get_by_role("button", name="Sign out").click()
    other.goto(f"{site.url}/accounts/login/")
    sign_in(other, writer)
    other.wait_for_url("**/stories/")
    page.bring_to_front()
    page.locator("main").get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This page was out of date")
    shot(page, "old-form")
    # Passwords are typed once more; the rest would be there.
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another long one 9")
    page.get_by_label("New password, once more").fill("another long one 9")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("status")).to_have_text("Your password is changed.")


@pytest.mark.parametrize("narrow", [False, True])
def test_what_is_wrong_is_beside_the_text_and_not_in_the_colour_of_success(
    page: Page, site: Site, writer: str, complaints: Complaints, narrow: bool
) -> None:
    open_story(page, site)
    give_text(page, "\n\n".join(f"Paragraph {number} of a long story." for number in range(80)))
    if narrow:
        page.set_viewport_size(NARROW)
    page.route("**/title/", lambda route: route.fulfill(status=500, body=""))
    complaints.expected = ("500", "htmx")
    page.locator("#title").fill("Refused")
    page.locator("#title").press("Tab")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("could not be done")
    page.mouse.wheel(0, 800)
    expect(alert).to_be_in_viewport()
    shot(page, f"refused-{'narrow' if narrow else 'wide'}")
    # It lies in the dock, whose room no text has.
    assert page.evaluate("document.querySelector('#dock > .refused') !== null")
    at_the_end = page.evaluate(
        """() => {
          scrollTo(0, document.documentElement.scrollHeight);
          const end = (found) => document.querySelector(found).getBoundingClientRect();
          return end("#story-text").bottom <= end("#dock").top;
        }"""
    )
    assert at_the_end
    colour = "getComputedStyle(document.querySelector('{}')).{}"
    wrong = page.evaluate(colour.format("#dock > .refused", "backgroundColor"))
    soft = page.evaluate(
        """() => {
          const probe = document.createElement("div");
          probe.style.background = "var(--accent-soft)";
          document.body.append(probe);
          return getComputedStyle(probe).backgroundColor;
        }"""
    )
    assert wrong != soft
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)
