"""Errors are told in our words: to a person on a page with the navigation, to a script as JSON."""

from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.test import Client

from stories.models import User
from stories.pages import library

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
RAISED = {400: SuspiciousOperation, 403: PermissionDenied, 404: Http404, 500: RuntimeError}
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 500: "fault"}


def fail(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    """Let the library's view raise `error`."""

    def broken(*_: Any, **__: Any) -> None:
        raise error("the inside")

    monkeypatch.setattr(library, "render", broken)


@pytest.mark.parametrize("status", RAISED)
def test_a_person_sees_where_to_go_on(
    alice: User, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    fail(monkeypatch, RAISED[status])
    browser = Client(raise_request_exception=False)
    browser.force_login(alice)
    answer = browser.get("/stories/", headers=BROWSER)
    page = answer.content.decode()
    assert answer.status_code == status
    assert "<h1>" in page
    assert "the inside" not in page
    assert '<nav aria-label="Site">' in page
    assert 'href="/stories/new/"' in page
    # Who is asking would be looked up in the database, which may be what is broken.
    assert ("alice" in page) == (status != 500)


@pytest.mark.parametrize("status", RAISED)
@pytest.mark.parametrize("accept", ["application/json", "*/*", "image/avif,image/webp", ""])
def test_a_script_is_told_the_same(
    alice: User, monkeypatch: pytest.MonkeyPatch, status: int, accept: str
) -> None:
    fail(monkeypatch, RAISED[status])
    script = Client(raise_request_exception=False)
    script.force_login(alice)
    answer = script.get("/stories/", headers={"Accept": accept})
    assert answer.status_code == status
    told = answer.json()
    assert told["code"] == CODES[status]
    assert told["message"]
    assert told["state"] is None


def test_who_is_not_signed_in_has_the_navigation_too(client: Client, db: None) -> None:
    answer = client.get("/nowhere/", headers=BROWSER)
    assert answer.status_code == 404
    assert 'href="/accounts/login/"' in answer.content.decode()


def test_a_host_that_is_not_ours(client: Client, db: None) -> None:
    answer = client.get("/", headers={**BROWSER, "Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "Not understood" in answer.content.decode()


def test_too_often(client: Client, db: None) -> None:
    for number in range(40):
        form = {"email": f"nobody{number}@example.org"}
        answer = client.post("/accounts/password/reset/", form, headers=BROWSER)
    assert answer.status_code == 429
    assert "<h1>Too often</h1>" in answer.content.decode()
    assert '<nav aria-label="Site">' in answer.content.decode()


def test_a_missing_page_while_the_database_is_away(
    alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(SessionStore, "load", away)
    answer = alices.get("/nowhere/", headers=BROWSER)
    assert answer.status_code == 404
    assert '<nav aria-label="Site">' in answer.content.decode()


def test_what_was_refused_is_not_kept_by_the_browser(client: Client, db: None) -> None:
    assert "no-store" in client.get("/nowhere/", headers=BROWSER)["Cache-Control"]
