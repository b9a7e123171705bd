"""Every account page that can be reached is ours: shell, words, sentence case, and a way on."""

import re
from collections.abc import Iterator
from html import unescape
from smtplib import SMTPServerDisconnected
from typing import Any

import allauth
import pytest
from allauth.account import urls as account_urls
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from stories.models import User

pytestmark = pytest.mark.django_db
ALLAUTH = allauth.__path__[0]
NAMES = [pattern.name for pattern in account_urls.urlpatterns]
# Part of signing in by a code, which is off: it leads to the sign-in.
NEVER_SHOWN = {"account_confirm_login_code"}
# Words that keep their capital within a sentence.
PROPER = {"StorAIteller", "I", "I’m"}
BROWSER = {"Accept": "text/html"}
BACKEND = "django.core.mail.backends.{}.EmailBackend"


def key_of(user: User) -> str:
    """Return the two parts of a link to set a new password."""
    return f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"


def addresses(name: str, user: User) -> Iterator[str]:
    """Yield the addresses of a route: with keys that count, and with some that don't."""
    if name == "account_confirm_email":
        address, _ = EmailAddress.objects.get_or_create(user=user, email="alice@example.org")
        yield reverse(name, kwargs={"key": EmailConfirmationHMAC(address).key})
        yield reverse(name, kwargs={"key": "bad"})
    elif name == "account_reset_password_from_key":
        uid, key = key_of(user).split("-", 1)
        yield reverse(name, kwargs={"uidb36": uid, "key": key})
        yield reverse(name, kwargs={"uidb36": uid, "key": "bad"})
    else:
        yield reverse(name)


def visitors(user: User) -> Iterator[Client]:
    """Yield the browsers of those who come: nobody, a user, and one who has no password."""
    yield Client(headers=BROWSER)
    signed_in = Client(headers=BROWSER)
    signed_in.force_login(user)
    yield signed_in
    guest = User(username="guest")
    guest.set_unusable_password()
    guest.save()
    passwordless = Client(headers=BROWSER)
    passwordless.force_login(guest)
    yield passwordless


def texts(page: str, tag: str) -> list[str]:
    """Return what stands in the elements `tag` of a page, without markup."""
    found = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in found]


def check(answer: Any) -> None:
    """Fail unless a page is in our words and looks."""
    page = answer.content.decode()
    assert [one.origin.name for one in answer.templates if ALLAUTH in one.origin.name] == []
    assert len(texts(page, "h1")) == 1
    assert '<nav aria-label="Site">' in page
    assert "css/base.css" in page
    for tag in ("title", "h1", "h2", "label", "button"):
        for text in texts(page, tag):
            inner = [word for word in text.split()[1:] if word not in PROPER and word != "·"]
            # A sentence may begin in the middle.
            begun = re.findall(r"[.?!:] (\w+)", text)
            wrong = [word for word in inner if word[:1].isupper() and word not in begun]
            assert wrong == [], f"{tag}: {text}"
    fields = re.findall(r'<input type="(?:text|email|password)"[^>]*>', page)
    assert not [field for field in fields if "placeholder" in field], "labels say it"


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_page(alice: User, settings: Settings, name: str, is_open: bool) -> None:
    settings.ALLOW_SIGNUP = is_open
    shown = 0
    for browser in visitors(alice):
        for address in addresses(name, alice):
            answer = browser.get(address)
            if answer.status_code == 302 and answer["Location"].startswith(address[:20]):
                answer = browser.get(answer["Location"])
            if answer.status_code == 302:
                continue
            # Nobody can be asked for a password that they don't have.
            assert answer.status_code == 200 or name == "account_reauthenticate"
            check(answer)
            shown += 1
            # An empty form: what is missing is told in the same looks.
            if "<form" in answer.content.decode() and name != "account_logout":
                told = browser.post(answer.request["PATH_INFO"], {"action_add": ""})
                if told.status_code == 200:
                    check(told)
    assert (shown > 0) == (name not in NEVER_SHOWN)


def test_the_way_in(client: Client, settings: Settings) -> None:
    settings.CONTACT = "Anna, in room 7"
    login = reverse("account_login")
    assert f'href="{reverse("account_signup")}"' in client.get(login).content.decode()
    User.objects.create_user("first")
    page = client.get(login).content.decode()
    assert f'href="{reverse("account_signup")}"' not in page
    assert "ask Anna, in room 7" in page
    assert "Ask Anna, in room 7" in client.get(reverse("stories:home")).content.decode()
    closed = client.get(reverse("account_signup")).content.decode()
    assert "Sign-up is closed" in closed
    assert "Ask Anna, in room 7" in closed
    settings.ALLOW_SIGNUP = True
    assert f'href="{reverse("account_signup")}"' in client.get(login).content.decode()


def test_the_login_field_says_what_it_takes(alice: User, client: Client) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert texts(page, "label")[0] == "User name or email"
    assert 'autocomplete="username"' in page
    for login, told in (("alice", "user name"), ("alice@example.org", "address")):
        form = {"login": login, "password": "wrong"}
        page = client.post(reverse("account_login"), form).content.decode()
        assert f"This {told} and this password don’t go together." in unescape(page)


@pytest.mark.parametrize(
    ("backend", "told", "untold"),
    [
        ("smtp", "We have sent a mail", "No mail server"),
        ("filebased", "/the/mails", "We have sent"),
        ("console", "in its console", "We have sent"),
        ("dummy", "sends no mail at all", "We have sent"),
    ],
)
def test_where_the_mail_is(
    alice: User, client: Client, settings: Settings, backend: str, told: str, untold: str
) -> None:
    settings.EMAIL_BACKEND = BACKEND.format(backend)
    settings.EMAIL_FILE_PATH = "/the/mails"
    page = client.get(reverse("account_reset_password_done")).content.decode()
    assert told in page
    assert untold not in page
    asked = client.get(reverse("account_reset_password")).content.decode()
    assert ("No mail server is set here" in asked) == (backend in {"filebased", "console"})
    assert ("<form" in asked[asked.index("<main") :]) == (backend != "dummy")


def test_a_public_page_does_not_tell_a_path(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = BACKEND.format("filebased")
    settings.EMAIL_FILE_PATH = "/the/mails"
    settings.PUBLIC_ORIGINS = ["https://stories.example.org"]
    page = client.get(reverse("account_reset_password_done")).content.decode()
    assert "/the/mails" not in page
    assert "a folder on the server" in page


def test_a_message_is_as_truthful(alices: Client, settings: Settings, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = BACKEND.format("filebased")
    settings.EMAIL_FILE_PATH = str(tmp_path)
    form = {"email": "alice@example.org", "action_add": ""}
    page = alices.post(reverse("account_email"), form, follow=True).content.decode()
    assert f"the mail to alice@example.org is a file in {tmp_path}" in page
    assert "alice@example.org" in next(tmp_path.iterdir()).read_text()


def test_mail_that_can_not_be_sent(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
    answer = client.post(reverse("account_reset_password"), {"email": "alice@example.org"})
    assert answer.status_code == 503
    assert "The mail was not sent" in answer.content.decode()


@pytest.mark.parametrize("is_open", [False, True])
def test_mails_are_in_our_words(
    alice: User, client: Client, settings: Settings, is_open: bool
) -> None:
    settings.ALLOW_SIGNUP = is_open
    settings.CONTACT = "Anna & Ben"
    client.force_login(alice)
    client.post(reverse("account_email"), {"email": "alice@example.org", "action_add": ""})
    for address in ("alice@example.org", "nobody@example.org"):
        client.post(reverse("account_reset_password"), {"email": address})
    confirm, reset, unknown = mail.outbox
    assert confirm.subject == "Confirm your address for StorAIteller"
    assert reset.subject == "A new password for StorAIteller"
    assert "for the account alice." in reset.body
    assert unknown.subject == "No account at StorAIteller"
    assert ("/accounts/signup/" in unknown.body) == is_open
    assert ("ask Anna & Ben" in unknown.body) != is_open
    for one in mail.outbox:
        assert "Thank you for using" not in one.body
        assert "StorAIteller at testserver" in one.body


def test_errors_do_not_look_like_success(alices: Client, alice: User) -> None:
    for number, verified in ((1, True), (2, False)):
        EmailAddress.objects.create(
            user=alice, email=f"a{number}@example.org", verified=verified, primary=verified
        )
    page = reverse("account_email")
    refused = {"email": "a1@example.org", "action_remove": ""}
    told = alices.post(page, refused, follow=True).content.decode()
    assert '<p class="notice error" role="alert">a1@example.org is your main' in told
    done = alices.post(page, {**refused, "email": "a2@example.org"}, follow=True).content.decode()
    assert '<p class="notice success" role="status">a2@example.org is removed' in done


def test_leaving_for_good_stands_apart(alices: Client) -> None:
    page = alices.get(reverse("stories:library")).content.decode()
    menu = page[page.index('<div class="menu-items">') : page.index("</details>")]
    assert menu.index("Sign out") < menu.index("<hr>") < menu.index("Delete account")
