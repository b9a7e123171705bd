"""What is asked of other servers over aiohttp: a span each, and a header that says where it stands.

Only what is asked within a span: what a process asks for itself, such as which servers answer,
would fill the traces. The span ends with the head of the answer.
"""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from tracing.recording import Recorder

_FAULTY = 400  # the first status that is none


def telling(recorder: "Recorder") -> aiohttp.TraceConfig:
    """Return the trace configuration for a session."""

    async def begin(_: Any, kept: SimpleNamespace, asked: aiohttp.TraceRequestStartParams) -> None:
        kept.span = None
        if recorder.trace_id():
            told: dict[str, str | int] = {
                "http.request.method": asked.method,
                "server.address": asked.url.host or "",
                "server.port": asked.url.port or 0,
                "url.path": asked.url.path,
            }
            kept.span = recorder.span(f"{asked.method} {asked.url.path}", "client", told)
            asked.headers.update(kept.span.carrier())

    async def end(_: Any, kept: SimpleNamespace, told: aiohttp.TraceRequestEndParams) -> None:
        if kept.span is not None:
            status = told.response.status
            kept.span.set({"http.response.status_code": status})
            if status >= _FAULTY:
                kept.span.fail(str(status))
            kept.span.end()

    async def fail(_: Any, kept: SimpleNamespace, told: Any) -> None:
        if kept.span is not None:
            kept.span.note(told.exception)
            kept.span.end()

    config = aiohttp.TraceConfig()
    config.on_request_start.append(begin)
    config.on_request_end.append(end)
    config.on_request_exception.append(fail)
    return config
