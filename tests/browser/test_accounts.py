"""Coming in, from two tabs; and what is wrong is seen, in its own colour, beside the text."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from stories.models import User
from tests.browser.access.test_pages import sign_in as let_in
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
ZOOMED: ViewportSize = {"width": 640, "height": 400}  # 1280 by 800 at 200 %


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


def test_a_forgotten_password_where_no_mail_leaves(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    alice: User,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH, settings.CONTACT = str(tmp_path), "Rosa, in room 7"
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("link", name="Forgotten your password?").click()
    main = page.locator("main")
    expect(main).to_contain_text("No mail server is set here, so no mail leaves this machine")
    expect(main).to_contain_text("Ask Rosa, in room 7 for a link.")
    page.get_by_label("Email").fill("alice@example.org")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The mail is written, not sent")
    expect(main).to_contain_text(str(tmp_path))
    shot(page, "mail-not-sent")

    boss = browser.new_page()
    let_in(boss, User.objects.create_superuser("boss"), live_server)
    boss.goto(f"{live_server.url}/admin/stories/user/{alice.pk}/change/")
    boss.get_by_role("button", name="Make a link to set a new password").click()
    link = boss.get_by_label("Link").input_value()
    boss.close()
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is changed")
    page.get_by_role("link", name="Sign in").last.click()
    sign_in(page, "alice")
    page.wait_for_url("**/stories/")


def test_a_closed_door_is_not_offered_and_no_page_is_a_dead_end(
    page: Page, live_server: LiveServer, alice: User, settings: Settings
) -> None:
    settings.ALLOW_SIGNUP, settings.CONTACT = False, "Rosa, in room 7"
    for path in ("/", "/accounts/login/"):
        page.goto(f"{live_server.url}{path}")
        expect(page.locator("main")).to_contain_text("sk Rosa, in room 7")
        expect(page.get_by_role("link", name="Sign up")).to_have_count(0)
    page.goto(f"{live_server.url}/accounts/signup/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-up is closed")
    page.set_viewport_size(ZOOMED)
    shot(page, "sign-up-closed")
    box = page.locator("main > .card").bounding_box()
    assert abs(2 * box["x"] + box["width"] - ZOOMED["width"]) < 2, "in the middle"

    let_in(page, alice, live_server)
    page.goto(f"{live_server.url}/stories/4711/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("DEBUG")
    page.locator("header .menu summary").click()
    out, gone = (page.get_by_text(name, exact=True) for name in ("Sign out", "Delete account"))
    assert out.bounding_box()["y"] < gone.bounding_box()["y"]
    page.get_by_role("link", name="My stories").click()
    page.wait_for_url("**/stories/")
