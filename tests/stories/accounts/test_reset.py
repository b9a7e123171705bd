"""An administrator hands out a link to set a new password, where no mail reaches a person."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from stories.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
USERS = "/admin/stories/user/"


@pytest.fixture
def boss() -> User:
    """The administrator."""
    return User.objects.create_superuser("boss", password=PASSWORD)


def ask(by: User, *users: User) -> Any:
    """Ask for a link in the admin, as the button on a user's page does."""
    browser = Client()
    browser.force_login(by)
    form = {"action": "hand_out_link", "_selected_action": [user.pk for user in users], "index": 0}
    return browser.post(USERS, form, follow=True)


def link_in(answer: Any) -> str:
    """Return the path of the link that a page shows, or nothing."""
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)\"", str(answer.content))
    return found[1] if found else ""


def test_the_link_lets_its_user_choose_a_password(alice: User, boss: User) -> None:
    answer = ask(boss, alice)
    link = link_in(answer)
    assert "no-store" in answer["Cache-Control"]
    browser = Client()
    page = browser.get(link, follow=True)
    form = {"password1": PASSWORD, "password2": PASSWORD}
    browser.post(page.request["PATH_INFO"], form)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert "This link is over" in Client().get(link, follow=True).content.decode(), "once"


def test_it_is_kept_nowhere(alice: User, boss: User) -> None:
    link = link_in(ask(boss, alice))
    assert link
    [entry] = LogEntry.objects.all()
    assert "Handed out a link" in entry.get_change_message()
    key = link.rstrip("/").rsplit("/", 1)[1]
    assert key not in entry.change_message
    assert not [one for one in Session.objects.all() if key in str(one.get_decoded())]


def test_it_ends_as_allauths_do(alice: User, boss: User, settings: Settings) -> None:
    answer = ask(boss, alice)
    days = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    assert f"{timezone.now() + days:%B}" in answer.content.decode()
    link = link_in(answer)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "This link is over" in Client().get(link, follow=True).content.decode()


def test_a_new_account_without_a_password_gets_one(boss: User) -> None:
    guest = User(username="guest")
    guest.set_unusable_password()
    guest.save()
    browser = Client()
    page = browser.get(link_in(ask(boss, guest)), follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    guest.refresh_from_db()
    assert guest.check_password(PASSWORD)


def test_who_gets_none(alice: User, charlie: User, boss: User) -> None:
    assert link_in(ask(boss, alice, charlie)) == ""
    alice.is_active = False
    alice.save()
    refused = ask(boss, alice)
    assert link_in(refused) == ""
    assert "switched off" in refused.content.decode()


def test_who_may_not(alice: User, boss: User) -> None:
    curator = User.objects.create_user("curator", password=PASSWORD, is_staff=True)
    for user in (alice, curator):
        assert link_in(ask(user, alice)) == ""
    helper = User.objects.create_user("helper", password=PASSWORD, is_staff=True)
    may = Permission.objects.filter(codename__in=["view_user", "change_user"])
    helper.user_permissions.add(*may)
    assert link_in(ask(helper, alice))
    refused = ask(helper, boss)
    assert link_in(refused) == "", "nobody makes themselves administrator by it"
    assert "Only an administrator" in refused.content.decode()


def test_the_users_page_offers_it(alice: User, boss: User) -> None:
    browser = Client()
    browser.force_login(boss)
    page = browser.get(reverse("admin:stories_user_change", args=[alice.pk])).content.decode()
    assert 'name="action" value="hand_out_link"' in page


def test_an_administrator_makes_an_account_without_choosing_its_password(boss: User) -> None:
    browser = Client()
    browser.force_login(boss)
    add = reverse("admin:stories_user_add")
    assert "usable_password" in browser.get(add).content.decode()
    made = browser.post(add, {"username": "guest", "usable_password": "false"}, follow=True)
    guest = User.objects.get(username="guest")
    assert not guest.has_usable_password()
    assert 'value="hand_out_link"' in made.content.decode()
    assert link_in(ask(boss, guest))
