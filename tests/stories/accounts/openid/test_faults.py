"""A provider that is down, slow, wrong or hostile: a page in our words, and nobody is signed in."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from stories.accounts.openid import client as asking
from stories.models import User
from tests.stories.accounts.openid.conftest import goal_of, sign_in, way_back
from tests.stories.accounts.openid.provider import Provider

pytestmark = pytest.mark.django_db
Name = Callable[..., None]
TIMES = {"exp", "iat"}


def check(answer: Any, status: int, words: str) -> None:
    """Fail unless an answer is a page of ours with these words, and nobody came in."""
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert '<nav aria-label="Site">' in page
    assert [one for one in answer.templates if "/allauth/templates/" in one.origin.name] == []
    assert list(User.objects.values_list("username", flat=True)) == ["boss"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["stories", "another"]},
        {"azp": "another"},
        {"exp": -3600},
        {"iat": 3600},
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"nonce": "\ud800"},
        {"sub": None},
        {"sub": "somebody else than the userinfo's"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_us(
    client: Client, school: Provider, named: Name, claims: dict[str, Any]
) -> None:
    # Times are written as seconds from now: the processes that share the tests out agree on
    # a case's name only if no clock is in it.
    now = int(time.time())
    school.faults.claims = {
        name: now + value if name in TIMES else value for name, value in claims.items()
    }
    check(sign_in(client), 502, "can’t be used")


@pytest.mark.parametrize("subject", ["", 7, ["x"], "x" * 256, "x\x00"], ids=range(5))
def test_a_subject_that_is_none(
    client: Client, school: Provider, named: Name, subject: Any
) -> None:
    school.person["sub"] = subject
    check(sign_in(client), 502, "can’t be used")


@pytest.mark.parametrize(
    ("algorithm", "signed_by"), [("none", "known"), ("HS256", "known"), ("RS256", "another")]
)
def test_a_signature_that_is_not_the_providers(
    client: Client, school: Provider, named: Name, algorithm: str, signed_by: str
) -> None:
    school.faults.algorithm, school.faults.signed_by = algorithm, signed_by
    check(sign_in(client), 502, "can’t be used")


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/keys"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'["access_token"]',
        b'{"access_token": 7, "keys": 7}',
        b'{"access_token": "x", "id_token": ["x"], "keys": [7, {"kid": "first"}]}',
        b'{"access_token": "x", "id_token": "x.y.z", "keys": [{"kid": "first", "kty": "RSA"}]}',
        b"[" * 100_000,
        b"\xff\xfe{}",
    ],
    ids=range(8),
)
def test_answers_that_are_none(
    client: Client, school: Provider, named: Name, path: str, body: bytes
) -> None:
    school.faults.bodies[path] = body
    check(sign_in(client), 502, "can’t be used")


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/keys"])
@pytest.mark.parametrize("status", [302, 400, 500])
def test_answers_that_refuse(
    client: Client, school: Provider, named: Name, path: str, status: int
) -> None:
    school.faults.statuses[path] = status
    check(sign_in(client), 502, "can’t be used")


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
def test_an_answer_without_end(client: Client, school: Provider, named: Name, path: str) -> None:
    groups = b", ".join(b'"g%d"' % number for number in range(1_000_000))
    school.faults.bodies[path] = b'{"access_token": "x", "groups": [' + groups + b"]}"
    check(sign_in(client), 502, "can’t be used")


@pytest.mark.parametrize("path", ["/token", "/keys", "/.well-known/openid-configuration"])
def test_silence(
    client: Client,
    school: Provider,
    named: Name,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "SILENCE", 0.3)
    school.faults.silent.add(path)
    check(sign_in(client), 503, "School does not answer")


def test_an_answer_byte_by_byte(
    client: Client, school: Provider, named: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "WHOLE", 0.5)
    school.faults.slow.add("/token")
    check(sign_in(client), 503, "School does not answer")


def test_nobody_there(client: Client, school: Provider, named: Name) -> None:
    named(issuer="http://127.0.0.1:1")
    check(sign_in(client), 503, "School does not answer")
    assert client.get(reverse("account_login")).status_code == 200


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"jwks_uri": 7},
        {"userinfo_endpoint": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_a_configuration_that_is_not_the_providers(
    client: Client, school: Provider, named: Name, configuration: dict[str, Any]
) -> None:
    school.faults.configuration = configuration
    check(sign_in(client), 502, "can’t be used")


def test_what_was_refused_is_asked_for_again(client: Client, school: Provider, named: Name) -> None:
    school.faults.configuration["issuer"] = "https://evil.example"
    check(sign_in(client), 502, "can’t be used")
    school.faults.configuration.clear()
    assert sign_in(client).status_code == 302


def test_a_way_back_is_gone_once(client: Client, school: Provider, named: Name) -> None:
    left = client.post(reverse("openid_login"))
    address = way_back(left)
    check(Client().get(address), 400, "began in another browser")
    assert client.get(address).status_code == 302
    User.objects.exclude(username="boss").delete()
    check(client.get(address), 400, "used already")
    check(client.get(reverse("openid_callback")), 400, "used already")


@pytest.mark.parametrize(
    ("issuer", "status", "words"),
    [("another", 502, "can’t be used"), (None, 503, "does not answer")],
)
def test_a_provider_that_changes_on_the_way(
    client: Client,
    school: Provider,
    named: Name,
    monkeypatch: pytest.MonkeyPatch,
    issuer: str | None,
    status: int,
    words: str,
) -> None:
    address = way_back(client.post(reverse("openid_login")))
    cache.clear()
    if issuer:
        school.faults.configuration["issuer"] = issuer
    else:
        monkeypatch.setattr(asking, "SILENCE", 0.3)
        school.faults.silent.add("/.well-known/openid-configuration")
    check(client.get(address), status, words)


def test_a_code_that_ran_out(client: Client, school: Provider, named: Name) -> None:
    address = way_back(client.post(reverse("openid_login")))
    school.codes.clear()
    check(client.get(address), 502, "can’t be used")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [("access_denied", 200, "was cancelled"), ("server_error\r\n<b>", 502, "can’t be used")],
)
def test_what_the_provider_says_in_the_persons_address(
    client: Client, school: Provider, named: Name, error: str, status: int, words: str
) -> None:
    goal = goal_of(client.post(reverse("openid_login")))
    state = goal.split("state=")[1].split("&")[0]
    answer = client.get(
        reverse("openid_callback"),
        {"state": state, "error": error, "error_description": "<script>"},
    )
    check(answer, status, words)
    assert "<script>" not in answer.content.decode()


def test_a_log_tells_why_and_holds_no_secret(
    client: Client, school: Provider, named: Name, caplog: pytest.LogCaptureFixture
) -> None:
    school.faults.claims = {"aud": "another"}
    sign_in(client)
    school.faults.statuses["/token"] = 500
    sign_in(Client())
    told = caplog.text
    assert "ID token: InvalidAudienceError" in told
    assert "no tokens for the code" in told
    assert "anna" not in told
    assert "code=" not in told
