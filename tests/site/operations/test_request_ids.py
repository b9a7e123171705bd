"""One id goes with a request: into its log lines, its answer, the worker's task."""

import json
import logging
import sqlite3
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from celery import shared_task

from modelserver.server import REQUEST_ID
from storaiteller_site.logs import ByClass
from storaiteller_site.operations import request_ids
from storaiteller_site.operations.request_ids import JsonLines, WithRequestId, with_request_id


async def answered(given: bytes) -> tuple[str, str]:
    """Return the id while a request is answered, and the one that the answer tells."""
    seen = []

    async def application(scope: object, receive: object, send: object) -> None:
        seen.append(REQUEST_ID.get())
        await send({"type": "http.response.start", "status": 200})  # type: ignore[operator]

    scope = {"type": "http", "headers": [(b"x-request-id", given)]}
    communicator: Any = ApplicationCommunicator
    asked = communicator(with_request_id(application), scope)
    start = await asked.receive_output(5)
    return seen[0], dict(start["headers"])[b"x-request-id"].decode()


async def test_a_sane_id_is_taken_over() -> None:
    assert await answered(b"proxy-7.a_B") == ("proxy-7.a_B", "proxy-7.a_B")


@pytest.mark.parametrize("given", [b"", b"two lines\nhere", b"x" * 65, "é".encode("latin-1")])
async def test_any_other_is_made(given: bytes) -> None:
    seen, told = await answered(given)
    assert seen == told
    assert len(told) == 16
    assert told.encode() not in given


def test_a_line_of_json_has_the_id_and_no_text_of_a_writer() -> None:
    error = sqlite3.IntegrityError("Zoë buried the key")
    info = (type(error), error, None)
    record = logging.LogRecord("site", logging.ERROR, "", 1, "It is\n%s", ("so",), info)

    def line() -> str:
        REQUEST_ID.set("an-id")
        ByClass().filter(record)
        WithRequestId().filter(record)
        return JsonLines().format(record)

    text = copy_context().run(line)
    told = json.loads(text)
    assert "\n" not in text
    assert (told["request_id"], told["level"], told["message"]) == ("an-id", "ERROR", "It is\nso")
    assert "IntegrityError" in told["error"]
    assert "Zoë" not in text


def test_a_task_goes_on_under_the_id_of_who_asked_for_it() -> None:
    def there(header: object) -> str:
        request = SimpleNamespace(storaiteller_request_id=header)
        request_ids.take_up(task=SimpleNamespace(request=request))
        return REQUEST_ID.get()

    def send() -> dict[str, object]:
        REQUEST_ID.set("an-id")
        sent: dict[str, object] = {}
        request_ids.send_along(headers=sent)
        return sent

    sent = copy_context().run(send)
    assert copy_context().run(there, sent["storaiteller_request_id"]) == "an-id"
    assert len(copy_context().run(there, None)) == 16


def test_after_a_task_the_id_is_what_it_was_before() -> None:
    seen = []

    @shared_task
    def looks() -> None:
        seen.append(REQUEST_ID.get())

    def run() -> str:
        REQUEST_ID.set("an-id")
        looks.apply()
        return REQUEST_ID.get()

    assert copy_context().run(run) == "an-id"
    assert len(seen[0]) == 16
