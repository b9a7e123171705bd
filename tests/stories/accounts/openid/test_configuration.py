"""The settings: a provider, none, or one sentence about what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from environs import Env, EnvError

from stories.accounts.openid.configuration import from_environment, is_safe, names

ROOT = Path(__file__).resolve().parents[4]
NEEDED = {
    "OIDC_ISSUER": " https://login.example.org/realms/school/ ",
    "OIDC_CLIENT_ID": "stories",
    "OIDC_CLIENT_SECRET": "a-secret-of-the-client",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OIDC_")] + ["ALLOW_SIGNUP"]:
        monkeypatch.delenv(name, raising=False)


def test_nothing_named_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_environment(Env()) is None
    for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME", "SCOPES", "CURATOR_GROUPS"):
        monkeypatch.setenv(f"OIDC_{name}", "")
    assert from_environment(Env()) is None


def test_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    found = from_environment(Env())
    assert found is not None
    assert found.issuer == "https://login.example.org/realms/school/"
    assert (found.name, found.groups_claim) == ("OpenID Connect", "groups")
    assert found.scopes == ("openid", "profile", "email")
    assert (found.signup, found.only, found.trust_email) == (False, False, False)
    assert "a-secret" not in repr(found)
    monkeypatch.setenv("ALLOW_SIGNUP", "true")
    monkeypatch.setenv("OIDC_SCOPES", "profile, groups")
    found = from_environment(Env())
    assert found is not None
    assert found.signup
    assert found.scopes == ("openid", "profile", "groups")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "login.example.org"),
        ("OIDC_ISSUER", "https://user:secret@login.example.org"),
        ("OIDC_ISSUER", "https://login.example.org/?tenant=a"),
        ("OIDC_ISSUER", "https://login.example.org:port"),
        ("OIDC_ISSUER", f"https://login.example.org/{'a' * 200}"),
        ("OIDC_CLIENT_ID", " "),
        ("OIDC_CLIENT_SECRET", None),
        ("OIDC_SIGNUP", "perhaps"),
    ],
)
def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    for known, good in NEEDED.items():
        monkeypatch.setenv(known, good)
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(EnvError, match=name):
        from_environment(Env())


def test_names_of_groups() -> None:
    assert names(" teachers,, it ") == {"teachers", "it"}
    assert names("cn=teachers,dc=school;") == {"cn=teachers,dc=school"}
    assert names("a, b; c") == {"a, b", "c"}
    assert names("") == frozenset()


def test_addresses_that_may_be_asked() -> None:
    good = [
        "https://a.example/b?c=d",
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://localhost",
    ]
    bad = ["http://a.example", "file:///a", "https://", "https://a@b", "https://a/#b", "//a", ""]
    bad += ["https://[::1", "https://a:x", "https://a\n.example"]
    assert [address for address in good if not is_safe(address)] == []
    assert [address for address in bad if is_safe(address)] == []


def test_while_it_is_off_it_costs_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, django; django.setup(); import storaiteller_site.urls; "
        "from django.contrib import admin; assert admin.site._registry; "
        "print({'requests', 'jwt', 'stories.accounts.openid.provider'} & sys.modules.keys())"
    )
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "OIDC_ISSUER": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "storaiteller_site.settings"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
