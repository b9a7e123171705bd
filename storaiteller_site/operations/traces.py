"""Traces of requests and tasks: where they begin, and how they go on in another process.

`tracing` says what is recorded and when; here is what stands at the edges of our processes.
"""

import sys
from contextlib import ExitStack
from typing import Any

from celery import signals
from django.conf import settings
from django.urls import Resolver404, resolve

import tracing
from modelserver.server import REQUEST_ID

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SERVER_FAULT = 500  # the first status that is one
_KEPT = "storaiteller_trace"


def begin(process: str) -> None:
    """Record what this process does, if that is asked for. Raises `tracing.TracingError`."""
    tracing.begin(process, lambda: {"storaiteller.request_id": REQUEST_ID.get()})


# ---- Requests ----


def with_traces(application: Any) -> Any:
    """Return the ASGI `application`; each request for a page is a span, if any are recorded."""
    if not tracing.is_on():
        return application

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] != "http" or scope["path"].startswith(settings.STATIC_URL):
            return await application(scope, receive, send)
        with tracing.going_on(_given(scope)), _span(scope) as span:

            async def telling(message: Any) -> None:
                if message["type"] == "http.response.start":
                    span.set({"http.response.status_code": message["status"]})
                    if message["status"] >= _SERVER_FAULT:
                        span.fail(str(message["status"]))
                await send(message)

            return await application(scope, receive, telling)

    return answer


def _given(scope: Any) -> dict[str, str]:
    """Return where in a trace a proxy stands; a browser is not asked, nor who seems to be one."""
    if not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return {}
    headers = dict(scope.get("headers", ()))
    found = {name: headers.get(name.encode(), b"").decode("latin-1") for name in tracing.FIELDS}
    return {name: value for name, value in found.items() if value}


def _span(scope: Any) -> tracing.Span:
    """Begin the span; what the address holds beside its pattern is nobody's business."""
    method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
    about = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
    try:
        path = scope["path"].removeprefix(settings.PATH_PREFIX)
        about["http.route"] = f"/{resolve(path).route}"
    except Resolver404:
        return tracing.span(method, "server", about)
    return tracing.span(f"{method} {about['http.route']}", "server", about)


# ---- Tasks ----


@signals.worker_init.connect
def begin_in_worker(**_: Any) -> None:
    """Record what the worker does; without what it needs for that, it does not start."""
    try:
        begin("worker")
    except tracing.TracingError as error:
        sys.exit(str(error))


@signals.before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Put into the message of a task where in a trace it is asked for."""
    if headers is not None:
        headers.update(tracing.carrier())


@signals.task_prerun.connect
def take_up(task: Any = None, **_: Any) -> None:
    """Begin the span of a task; it goes on from whoever asked for it."""
    if not tracing.is_on():
        return
    given = {name: getattr(task.request, name, None) for name in tracing.FIELDS}
    around = ExitStack()
    around.enter_context(tracing.going_on({name: str(at) for name, at in given.items() if at}))
    span = around.enter_context(tracing.span(f"task {task.name}", "consumer"))
    setattr(task.request, _KEPT, (around, span))


@signals.task_postrun.connect
def put_down(task: Any = None, state: str | None = None, retval: Any = None, **_: Any) -> None:
    """End the span of the task."""
    around, span = getattr(task.request, _KEPT, None) or (None, tracing.NOTHING)
    if around is not None:
        span.set({"storaiteller.task.state": str(state)})
        if state == "FAILURE":
            span.fail(type(retval).__name__)
        around.close()
