"""No page has a fault that axe-core knows of; the story's own page is in test_story.py."""

import logging

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from stories.history import library, links, tags
from stories.models import Story, User
from stories.pages import home
from tests.browser.access.scanning import Faults
from tests.conftest import story_settings

TEXT = "Anna found the lantern.\n\nBen found the old map.\nThey kept both."


@pytest.fixture
def shelf(story: Story) -> Story:
    """Alice's good story with tags and a link to read; beside it an empty and a deleted one."""
    alice = story.owner
    library.save_text(story, alice, TEXT, 0)
    library.save_text(story, alice, f"{TEXT} And went home.", 1)
    library.set_good(story, True)
    tags.add_tags(story, "sea, old friends")
    links.make_link(story)
    library.save_preset(alice, story_settings(), "By the sea")
    tags.add_tags(library.create_story(alice, story_settings(genre="Comedy")), "harbour")
    gone = library.create_story(alice, story_settings(genre="War"))
    library.save_text(gone, alice, TEXT, 0)
    library.delete_story(gone)
    return story


def sign_in(page: Page, user: User, site: LiveServer) -> None:
    """Let `user` be signed in in the browser."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": site.url}
    page.context.add_cookies([cookie])


def test_pages_of_a_visitor(
    page: Page, live_server: LiveServer, shelf: Story, settings: object
) -> None:
    faults, url = Faults(), live_server.url
    faults.visit(page, f"{url}/accounts/signup/")  # closed: there is somebody
    settings.ALLOW_SIGNUP = True  # type: ignore[attr-defined]
    faults.visit(page, f"{url}/", f"{url}/accounts/signup/", f"{url}/accounts/password/reset/")
    faults.visit(page, f"{url}/read/{shelf.link}/", f"{url}/accounts/password/reset/done/")
    faults.visit(page, f"{url}/accounts/password/reset/key/1-x-y/", f"{url}/nowhere/")
    faults.visit(page, f"{url}/offline/")
    faults.visit(page, f"{url}/accounts/confirm-email/x/", f"{url}/accounts/inactive/")
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("User name or email").fill("nobody")
    page.get_by_label("Password", exact=True).fill("x")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    faults.look(page, "a refused sign-in")
    assert not faults, str(faults)


def test_pages_of_a_writer(page: Page, live_server: LiveServer, shelf: Story) -> None:
    faults, stories = Faults(), f"{live_server.url}/stories"
    sign_in(page, shelf.owner, live_server)
    faults.visit(page, f"{stories}/", f"{stories}/new/", f"{stories}/trash/")
    faults.visit(page, f"{stories}/book/", f"{stories}/import/")
    faults.visit(page, f"{stories}/{shelf.pk}/versions/2/")
    faults.visit(page, f"{live_server.url}/teach/compare/")  # there is nothing to compare
    page.goto(f"{stories}/?q=lantern")
    page.get_by_text("Edit tags").first.click()
    faults.look(page, "what was found, with its tags open")
    # As without scripts: a refused tag has a page of its own.
    page.locator(".add-tag input[name=add]").first.evaluate("(tag) => (tag.value = 'x'.repeat(90))")
    page.locator(".add-tag").first.evaluate("(form) => form.submit()")
    page.get_by_role("alert").wait_for()
    faults.look(page, "refused tags")
    page.goto(f"{stories}/?q=nothing&genre=War")
    faults.look(page, "nothing found")
    page.goto(f"{stories}/new/")
    page.get_by_label("Max number of words").fill("7")
    page.get_by_role("button", name="Submit").click()
    faults.look(page, "refused settings")
    page.goto(f"{stories}/")
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_text("is deleted").wait_for()
    page.locator("header .menu summary").click()
    faults.look(page, "a deleted story, with the menu open")
    assert not faults, str(faults)


def test_account_pages(page: Page, live_server: LiveServer, alice: User) -> None:
    faults, accounts = Faults(), f"{live_server.url}/accounts"
    alice.emailaddress_set.create(email="alice@example.org", primary=True)  # type: ignore[attr-defined]
    alice.emailaddress_set.create(email="a@example.org", verified=True)  # type: ignore[attr-defined]
    sign_in(page, alice, live_server)
    faults.visit(page, f"{accounts}/password/change/", f"{accounts}/email/", f"{accounts}/logout/")
    faults.visit(page, f"{accounts}/reauthenticate/", f"{accounts}/delete/")
    faults.visit(page, f"{live_server.url}/stories/")  # an empty library
    key = f"{user_pk_to_url_str(alice)}-{default_token_generator.make_token(alice)}"
    page.goto(f"{accounts}/password/reset/key/{key}/")
    page.get_by_label("New password", exact=True).wait_for()
    faults.look(page, "a new password")
    assert not faults, str(faults)


def test_what_went_wrong(
    page: Page, live_server: LiveServer, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.disable(logging.ERROR)
    faults, url = Faults(), live_server.url
    page.goto(f"{url}/accounts/login/")
    page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = 'x'")
    page.get_by_label("User name or email").fill("alice")
    page.get_by_label("Password", exact=True).fill("x")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="This page was out of date").wait_for()
    faults.look(page, "an old form")
    monkeypatch.setattr(home, "render", lambda *_: 1 / 0)
    faults.visit(page, url)
    sign_in(page, alice, live_server)
    faults.visit(page, f"{url}/nowhere/")
    logging.disable(logging.NOTSET)
    assert not faults, str(faults)
