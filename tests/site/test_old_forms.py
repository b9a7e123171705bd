"""A form that was open before its person signed in or out: what happened, and the way on."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from stories.models import Story, User

PASSWORD = "alice's-long-password"
OWN = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://testserver"}
FOREIGN = {**OWN, "Origin": "https://evil.example"}
LOGIN, NEW = "/accounts/login/", "/stories/new/"
SETTINGS = {
    "main_characters": 'Zoë <b>"the owl"</b>',
    "keywords": "a red\nlantern",
    "genre": "Mystery",
    "register": "Elegant",
    "max_words": "300",
}


@pytest.fixture
def tab(db: None) -> Client:
    """A browser whose forms need their token."""
    return Client(enforce_csrf_checks=True)


def token(page: Any) -> str:
    """Return the token in a page's forms."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found
    return found[1]


def sign_in(tab: Client) -> str:
    """Sign Alice in by the form; return the token of a tab that stays open."""
    old = token(tab.get(LOGIN))
    form = {"login": "alice", "password": PASSWORD, "csrfmiddlewaretoken": old}
    assert tab.post(LOGIN, form, headers=OWN).status_code == 302
    return old


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the page's main form, as a browser would send them."""
    form = page[page.index("<form", page.index("<main")) :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


def test_a_second_tab_to_sign_in(tab: Client, alice: User) -> None:
    form = {"login": "alice", "password": PASSWORD, "next": NEW}
    form["csrfmiddlewaretoken"] = sign_in(tab)
    answer = tab.post(LOGIN, form, headers=OWN)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "You are signed in already" in page
    assert f'href="{NEW}">Go on</a>' in page
    assert "DEBUG" not in page
    assert PASSWORD not in page


def test_its_way_on_leads_nowhere_else(tab: Client, alice: User) -> None:
    form = {"login": "alice", "next": "https://evil.example/"}
    form["csrfmiddlewaretoken"] = sign_in(tab)
    assert "evil" not in tab.post(LOGIN, form, headers=OWN).content.decode()


def test_a_second_tab_to_sign_out(tab: Client, alice: User) -> None:
    sign_in(tab)
    old = token(tab.get(NEW))
    fresh = {"csrfmiddlewaretoken": old}
    tab.post("/accounts/logout/", fresh)
    sign_in(tab)
    tab.post("/accounts/logout/", {"csrfmiddlewaretoken": token(tab.get(NEW))})
    answer = tab.post("/accounts/logout/", fresh, headers=OWN)
    assert "You are signed out already" in answer.content.decode()


def test_what_was_typed_is_sent_again(tab: Client, alice: User) -> None:
    old = sign_in(tab)
    answer = tab.post(NEW, {**SETTINGS, "csrfmiddlewaretoken": old}, headers=OWN)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    assert "out of date" in page
    assert "<b>" not in page
    again = fields(page)
    assert {name: again[name] for name in SETTINGS} == SETTINGS
    assert again["csrfmiddlewaretoken"] != old
    assert not Story.objects.exists()
    assert tab.post(NEW, again, headers=OWN).status_code == 302
    assert "Zoë" in Story.objects.get().settings.main_characters


def test_what_nobody_typed_is_sent_again_unseen(tab: Client, alice: User) -> None:
    old = sign_in(tab)
    tab.logout()
    tab.get(LOGIN)
    form = {"login": "alice", "password": PASSWORD, "remember": "on", "csrfmiddlewaretoken": old}
    page = tab.post(LOGIN, form, headers=OWN).content.decode()
    assert "<dt>User name or email</dt><dd>alice</dd>" in page
    assert "<dt>Remember" not in page
    assert fields(page)["remember"] == "on"


def test_a_password_is_typed_anew(tab: Client, alice: User) -> None:
    sign_in(tab)
    tab.logout()
    tab.cookies.clear()
    form = {"login": "alice", "password": PASSWORD, "csrfmiddlewaretoken": "x" * 64}
    page = tab.post(LOGIN, form, headers=OWN).content.decode()
    assert PASSWORD not in page
    assert "no cookie" in page
    assert '<input type="password" id="again-password" name="password" required>' in page
    again = {**fields(page), "password": PASSWORD}
    assert again["login"] == "alice"
    assert tab.post(LOGIN, again, headers=OWN).status_code == 302


@pytest.mark.parametrize("headers", [FOREIGN, {**OWN, "Origin": "null"}, {"Accept": "text/html"}])
def test_nothing_of_another_site_is_offered_to_be_sent(
    tab: Client, alice: User, headers: dict[str, str]
) -> None:
    sign_in(tab)
    page = tab.post(NEW, SETTINGS, headers=headers).content.decode()
    assert "Zoë" not in page
    assert "Send it again" not in page
    assert "did not come from a page of ours" in page


def test_a_script_is_told(tab: Client, alice: User) -> None:
    sign_in(tab)
    answer = tab.post(NEW, SETTINGS, headers={**OWN, "Accept": "*/*"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "old_form"
