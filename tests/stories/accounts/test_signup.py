"""Accounts through the pages: the first one, the next ones, the password, the end."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from stories.accounts.signup import make_administrator_if_first
from stories.history import library
from stories.models import Story, StorySettings, StoryVersion, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def sign_up(client: Client, name: str, **more: str) -> User | None:
    """Fill in the form; returns the account if there is one."""
    data = {"username": name, "password1": PASSWORD, "password2": PASSWORD, **more}
    client.post(reverse("account_signup"), data)
    return User.objects.filter(username=name).first()


def test_the_first_account_is_the_administrators(client: Client, settings: Settings) -> None:
    first = sign_up(client, "first")
    assert first is not None
    assert first.is_staff
    assert first.is_superuser
    assert sign_up(Client(), "second") is None
    settings.ALLOW_SIGNUP = True
    second = sign_up(Client(), "second")
    assert second is not None
    assert not second.is_staff


def test_of_two_first_ones_at_once_one_is() -> None:
    first, second = User.objects.create(username="a"), User.objects.create(username="b")
    assert not make_administrator_if_first(second)
    assert make_administrator_if_first(first)
    User.objects.filter(pk=first.pk).update(is_founder=False)
    User.objects.filter(pk=first.pk).update(is_founder=True)
    User.objects.filter(pk=first.pk).update(is_active=False)
    assert not make_administrator_if_first(second)
    User.objects.filter(pk=second.pk).delete()
    assert make_administrator_if_first(first)


def test_a_password_is_not_guessed_where_one_is_signed_in(alice: User, client: Client) -> None:
    client.force_login(alice)
    right = "alice's-long-password"
    leave = reverse("stories:delete_account")
    answers = [client.post(leave, {"password": f"guess{n}"}) for n in range(40)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 35
    assert "Too many attempts" in answers[-1].content.decode()
    assert client.post(leave, {"password": right}).status_code == 429
    again = reverse("account_reauthenticate")
    assert client.post(again, {"password": right}).status_code == 429, "they count together"
    change = reverse("account_change_password")
    twice = {"password1": PASSWORD, "password2": PASSWORD}
    for _ in range(5):
        client.post(change, {"oldpassword": "guess", **twice})
    assert client.post(change, {"oldpassword": right, **twice}).status_code == 429
    alice.refresh_from_db()
    assert alice.check_password(right)


def test_the_admin_asks_for_no_password_of_its_own(client: Client) -> None:
    client.force_login(User.objects.create_superuser("boss", password=PASSWORD))
    twice = {"new_password1": "another one 9", "new_password2": "another one 9"}
    answer = client.post(reverse("admin:password_change"), {"old_password": PASSWORD, **twice})
    assert answer["Location"] == reverse("account_change_password")
    assert User.objects.get().check_password(PASSWORD)
    assert Client().post(reverse("admin:login"))["Location"].startswith(reverse("account_login"))


def test_signing_in_and_out(alice: User, client: Client) -> None:
    login = reverse("account_login")
    wrong = client.post(login, {"login": "alice", "password": "no"})
    assert wrong.status_code == 200
    client.post(login, {"login": "alice", "password": "alice's-long-password"})
    assert client.get(reverse("stories:library")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(reverse("stories:library")).status_code == 302


def test_guessing_passwords_is_slowed_down(alice: User, client: Client) -> None:
    answers = [
        client.post(reverse("account_login"), {"login": "alice", "password": f"guess{n}"})
        for n in range(12)
    ]
    right = client.post(
        reverse("account_login"), {"login": "alice", "password": "alice's-long-password"}
    )
    assert "Too many failed" in answers[-1].content.decode() or answers[-1].status_code == 429
    assert right.status_code != 302


def test_a_forgotten_password_is_reset_by_mail(client: Client) -> None:
    User.objects.create_user("alice", email="alice@example.org", password="old")
    client.post(reverse("account_reset_password"), {"email": "alice@example.org"})
    link = re.search(r"http://\S+(/accounts/\S+)", str(mail.outbox[0].body))
    assert link is not None
    page = client.get(link[1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get().check_password(PASSWORD)


def test_a_password_is_changed(alice: User, client: Client) -> None:
    client.force_login(alice)
    data = {"oldpassword": "alice's-long-password", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_change_password"), data)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_an_account_goes_with_everything_in_it(alice: User, story: Story, client: Client) -> None:
    library.save_text(story, alice, "Mine.", 0)
    library.save_preset(alice, story_settings(), "Mine")
    client.force_login(alice)
    page = reverse("stories:delete_account")
    assert "1 story" in client.get(page).content.decode()
    assert client.post(page, {"password": "wrong"}).status_code == 422
    assert User.objects.filter(pk=alice.pk).exists()
    client.post(page, {"password": "alice's-long-password"})
    for model in (User, Story, StorySettings, StoryVersion):
        assert not model._default_manager.exists()
    assert client.get(reverse("stories:library")).status_code == 302
