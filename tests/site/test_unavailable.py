"""While the database is away, scripts and people are told so in a sentence; faults stay faults."""

from http import HTTPStatus

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DataError, OperationalError
from django.test import Client

from stories.errors import NOT_STORED
from stories.models import Story

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def break_sessions(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the database fail where nearly every view needs it first: who is asking."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(SessionStore, "load", fail)


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_a_script_is_told(
    alices: Client, story: Story, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    break_sessions(monkeypatch, OperationalError("database or disk is full"))
    edit = {"version": 0, "text": "Typed."}
    address, headers = f"/stories/{story.pk}/text/", {"Accept": accept}
    answer = alices.post(address, edit, "application/json", headers=headers)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json() == {"code": "not_stored", "message": NOT_STORED, "state": None}
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/", "/stories/"])
def test_a_person_is_told(alices: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    break_sessions(monkeypatch, OperationalError("database is locked"))
    answer = alices.get(path, headers={"Accept": BROWSER})
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    page = answer.content.decode()
    assert "<h1>Not just now</h1>" in page
    assert NOT_STORED in page


def test_a_fault_of_ours_is_not_called_the_database_s(
    alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_sessions(monkeypatch, DataError("value too long"))
    with pytest.raises(DataError):
        alices.get("/stories/")
