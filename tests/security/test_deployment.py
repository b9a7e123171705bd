"""An installation as docs/security.md describes it: checked, refused when faulty, its headers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from storaiteller_site import checks
from stories.models import User
from stories.pages import library
from tests.support.processes import free_port
from tests.support.web import installation

NOBODY_HOME = "http://127.0.0.1:9"
PRODUCTION = {
    "PUBLIC_ORIGINS": "https://stories.example.org",
    "TRUSTED_PROXY_COUNT": "1",
    "DATABASE_URL": "postgres://stories:x@127.0.0.1:5432/stories",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def run(environment: dict[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a Python program in the environment."""
    return subprocess.run(
        [sys.executable, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_deployment_check_has_nothing_to_say(tmp_path: Path) -> None:
    environment = installation(tmp_path, NOBODY_HOME, "llama3.2", **PRODUCTION)
    del environment["DJANGO_ALLOW_ASYNC_UNSAFE"]  # the tests' own
    checked = run(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    assert "no issues (2 silenced)" in checked.stdout


SHOW = """
import json
from django.conf import settings as s
names = ("SESSION_COOKIE_NAME CSRF_COOKIE_NAME SESSION_COOKIE_DOMAIN SESSION_COOKIE_PATH "
    "SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE "
    "CSRF_COOKIE_SECURE CSRF_COOKIE_HTTPONLY CSRF_COOKIE_SAMESITE SECURE_SSL_REDIRECT "
    "SECURE_HSTS_SECONDS SECURE_CONTENT_TYPE_NOSNIFF DEBUG ALLOWED_HOSTS WEBSOCKET_ORIGINS "
    "CSRF_TRUSTED_ORIGINS")
print(json.dumps({name: getattr(s, name) for name in names.split()}))
"""


def test_behind_tls_everything_is_for_tls_only(tmp_path: Path) -> None:
    environment = installation(tmp_path, NOBODY_HOME, "llama3.2", **PRODUCTION)
    shown = json.loads(run(environment, "manage.py", "shell", "-v", "0", "-c", SHOW).stdout)
    # The prefix: a browser takes them only with Secure, for all paths, and for no other host.
    assert shown["SESSION_COOKIE_NAME"] == "__Host-storaiteller_session"
    assert shown["CSRF_COOKIE_NAME"] == "__Host-storaiteller_csrf"
    assert (shown["SESSION_COOKIE_DOMAIN"], shown["SESSION_COOKIE_PATH"]) == (None, "/")
    assert shown["SESSION_COOKIE_SECURE"]
    assert shown["SESSION_COOKIE_HTTPONLY"]
    assert shown["CSRF_COOKIE_SECURE"]
    assert shown["CSRF_COOKIE_HTTPONLY"]
    assert (shown["SESSION_COOKIE_SAMESITE"], shown["CSRF_COOKIE_SAMESITE"]) == ("Lax", "Lax")
    assert shown["SECURE_SSL_REDIRECT"]
    assert shown["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert not shown["DEBUG"]
    assert "*" not in shown["ALLOWED_HOSTS"]
    assert "https://stories.example.org" in shown["WEBSOCKET_ORIGINS"]
    assert all("://" in origin for origin in shown["WEBSOCKET_ORIGINS"])


def test_below_a_path_cookies_are_for_it_alone(tmp_path: Path) -> None:
    more = {**PRODUCTION, "PATH_PREFIX": "/stories"}
    environment = installation(tmp_path, NOBODY_HOME, "llama3.2", **more)
    shown = json.loads(run(environment, "manage.py", "shell", "-v", "0", "-c", SHOW).stdout)
    # A browser refuses `__Host-` with a path.
    assert shown["SESSION_COOKIE_NAME"] == "__Secure-storaiteller_session"
    assert shown["SESSION_COOKIE_PATH"] == "/stories/"
    assert shown["SESSION_COOKIE_SECURE"]


@pytest.mark.django_db
def test_another_app_on_this_host_keeps_its_cookies(alice: User) -> None:
    """Cookies know no ports: a Django app next door has the names that Django gives them."""
    others = {"sessionid": "theirs", "csrftoken": "theirs" * 6, "messages": "theirs"}
    browser = Client()
    for name, value in others.items():
        browser.cookies[name] = value
    browser.get("/accounts/login/")
    login = {"login": "alice", "password": "alice's-long-password"}
    assert browser.post("/accounts/login/", login).status_code == 302
    assert browser.get("/stories/").status_code == 200
    browser.post("/accounts/logout/")
    browser.get("/")
    assert {name: browser.cookies[name].value for name in others} == others
    assert all(name in others or name.startswith("storaiteller_") for name in browser.cookies)


@pytest.mark.django_db
def test_the_cookies_and_headers_of_a_page(settings: Settings, alice: User) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    plain, secure = Client(), Client(headers={"X-Forwarded-Proto": "https"})
    assert plain.get("/accounts/login/")["Location"].startswith("https://")
    assert plain.get("/health/").status_code == 200
    login = {"login": "alice", "password": "alice's-long-password"}
    secure.get("/accounts/login/")
    page = secure.post("/accounts/login/", login)
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = secure.cookies[name]
        assert cookie["secure"], name
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
    page = secure.get("/stories/")
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "max-age=31536000" in page["Strict-Transport-Security"]
    policy = page["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy


@pytest.mark.parametrize(
    ("faulty", "named"),
    [
        ({"SECRET_KEY": "changeme" * 8}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is a placeholder"),
        ({"DEBUG": "true", "PUBLIC_ORIGINS": "https://stories.example.org"}, "DEBUG is on"),
    ],
)
@pytest.mark.parametrize("way", ["serve", "web"])
def test_a_faulty_installation_does_not_start(
    tmp_path: Path, faulty: dict[str, str], named: str, way: str
) -> None:
    environment = {**installation(tmp_path, NOBODY_HOME, "llama3.2"), **faulty}
    command = {
        "serve": ("manage.py", "serve"),
        "web": (
            *("-m", "storaiteller_site.serving.web", "--port", environment["PORT"]),
            "storaiteller_site.asgi:application",
        ),
    }[way]
    done = run(environment, *command)
    assert done.returncode != 0
    assert named in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_debug_pages_are_for_this_machine(settings: Settings, host: str) -> None:
    settings.DEBUG = True
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("serve", host=host, port=free_port())


def test_debug_alone_passes(settings: Settings) -> None:
    settings.DEBUG, settings.PUBLIC_ORIGINS = True, []
    assert checks.check_debug(None) == []
    settings.PUBLIC_ORIGINS = ["https://stories.example.org"]
    assert [error.id for error in checks.check_debug(None)] == ["storaiteller.E003"]


@pytest.mark.django_db
def test_a_crash_shows_nothing_of_the_inside(monkeypatch: Any, alice: User) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(library, "render", broken)
    browser = Client(raise_request_exception=False)
    browser.force_login(alice)
    answer = browser.get("/stories/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "the inside" not in page
    assert "Traceback" not in page
    assert os.environ["SECRET_KEY"] not in page
