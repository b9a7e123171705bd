"""The id that all log lines of a request share: from the proxy's header, else made here.

It goes with what the request begins (contexts are copied into tasks): to the model server as a
header, to the worker in the task's message.
"""

import json
import logging
import re
from typing import Any

from celery import signals

import tracing
from modelserver.server import REQUEST_ID, new_request_id

# What others send stands in logs and headers: nothing that is long, or ends a line.
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADER = b"x-request-id"
_TASK_HEADER = "storaiteller_request_id"


def with_request_id(application: Any) -> Any:
    """Return the ASGI `application` so that each request has an id, and is answered with it."""

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        given = dict(scope.get("headers", ())).get(_HEADER, b"").decode("latin-1")
        request_id = given if _SANE.fullmatch(given) else new_request_id()
        REQUEST_ID.set(request_id)  # each request is a task, with a context of its own

        async def telling(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (_HEADER, request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        return await application(scope, receive, telling)

    return answer


class WithRequestId(logging.Filter):
    """Gives each record its request's id: `request_id` for JSON, `under` for the end of a line.

    With it, at the end of a line, stands the number of the trace, if there is one.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; all of them pass."""
        request_id = REQUEST_ID.get()
        record.request_id = request_id or "-"
        known = " ".join(filter(None, (request_id, tracing.trace_id())))
        record.under = f" [{known}]" if known else ""
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, request_id, message.

    Besides, where there are such, trace_id and error.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, str] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if trace_id := tracing.trace_id():
            told["trace_id"] = trace_id
        # `storaiteller_site.logs` may have said it already, without a writer's words.
        error = record.exc_text or (
            self.formatException(record.exc_info) if record.exc_info else ""
        )
        return json.dumps({**told, "error": error} if error else told, ensure_ascii=False)


@signals.before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Put the id into the message of a task that a request asks for."""
    if headers is not None and (request_id := REQUEST_ID.get()):
        headers[_TASK_HEADER] = request_id


@signals.task_prerun.connect
def take_up(task: Any = None, **_: Any) -> None:
    """Go on with the id in the message of the task; one of beat's gets its own."""
    given = str(getattr(task.request, _TASK_HEADER, None) or "")
    task.request.storaiteller_id_before = REQUEST_ID.get()
    REQUEST_ID.set(given if _SANE.fullmatch(given) else new_request_id())


@signals.task_postrun.connect
def put_down(task: Any = None, **_: Any) -> None:
    """Leave the thread as it was: what it does next is no part of the task."""
    REQUEST_ID.set(getattr(task.request, "storaiteller_id_before", ""))
