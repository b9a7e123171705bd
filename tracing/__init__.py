"""Spans of what is done, for OpenTelemetry: nothing at all unless an endpoint is set.

A span's attributes are numbers, kinds and codes: never a text, a prompt, or anybody's name or
address. While nothing is recorded, nothing of OpenTelemetry is imported, and every span is the one
object that does nothing. Imports nothing of ours.
"""

import importlib.util
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    from tracing.recording import Recorder

Attributes = Mapping[str, str | int | float | bool]
Kind = Literal["internal", "server", "client", "consumer"]
# What says where in a trace something stands: the headers of W3C's Trace Context.
Carrier = Mapping[str, str]
FIELDS = ("traceparent", "tracestate")

_PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
_PROTOCOL = "http/protobuf"


class TracingError(Exception):
    """The variables ask for what can't be done; the message says what to do."""


class Span(Protocol):
    """What is done, from the making of the span to its end.

    As a context, it is the one below which others begin, and it ends with the block; an exception
    that leaves the block is told by its kind alone.
    """

    def set(self, attributes: Attributes) -> None:
        """Tell more."""

    def event(self, name: str) -> None:
        """Tell that something has happened now."""

    def fail(self, kind: str) -> None:
        """Tell that it has failed, and of what kind the error is."""

    def refuse(self, code: str) -> None:
        """Tell that it was refused, which is no fault."""

    def link(self) -> None:
        """Tell that what is done at this moment, elsewhere in a trace, has to do with it."""

    def end(self) -> None:
        """End it; again is no error."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *details: Any) -> None: ...


class _Nothing:
    """The span where nothing is recorded."""

    def set(self, attributes: Attributes) -> None: ...

    def event(self, name: str) -> None: ...

    def fail(self, kind: str) -> None: ...

    def refuse(self, code: str) -> None: ...

    def link(self) -> None: ...

    def end(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: Any) -> None: ...


NOTHING: Span = _Nothing()
_recorder: "Recorder | None" = None


def is_asked_for(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the variables of OpenTelemetry ask for traces."""
    endpoint = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "") or _endpoint_of_traces(environ)
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    return bool(endpoint.strip()) and not disabled and exporter == "otlp"


def check(environ: Mapping[str, str] = os.environ) -> None:
    """Raise `TracingError` where traces are asked for and can't be sent."""
    if not is_asked_for(environ):
        return
    endpoint = _endpoint_of_traces(environ) or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    if not endpoint.strip().startswith(("http://", "https://")):
        raise TracingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is no address like http://127.0.0.1:4318. "
            "Correct it, or unset it."
        )
    general = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "")
    if environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", general).strip() not in {"", _PROTOCOL}:
        raise TracingError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent by {_PROTOCOL} alone, which collectors "
            "take on port 4318. Unset it, or set it to that."
        )
    if not all(map(_is_installed, _PACKAGES)):
        raise TracingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages that send traces are missing. "
            "Install them with `make tracing`, or unset it."
        )


def _endpoint_of_traces(environ: Mapping[str, str]) -> str:
    return environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def is_on() -> bool:
    """Tell whether anything is recorded."""
    return _recorder is not None


def begin(process: str, about: Callable[[], Attributes] = dict) -> None:
    """Record from now on, if the variables ask for it; `process` says who this is.

    `about` tells what every span has when it begins. Raises `TracingError`.
    """
    global _recorder
    if _recorder is None and is_asked_for():
        check()
        from tracing.recording import Recorder

        _recorder = Recorder(process, about)


def end() -> None:
    """Send what there is, within a second or two, and record no more."""
    global _recorder
    if _recorder is not None:
        _recorder.close()
        _recorder = None


def span(name: str, kind: Kind = "internal", attributes: Attributes | None = None) -> Span:
    """Begin a span below the one whose block this is."""
    return NOTHING if _recorder is None else _recorder.span(name, kind, attributes or {})


def carrier() -> Carrier:
    """Return what another process, or task, goes on from; empty if there is nothing to tell."""
    return {} if _recorder is None else _recorder.carrier()


def going_on(there: Carrier | None) -> AbstractContextManager[object]:
    """Let spans begin below the one that `there` comes from, or where it says none, below none."""
    return nullcontext() if _recorder is None else _recorder.going_on(there or {})


def trace_id() -> str:
    """Return the number of the trace that this is part of; empty if it is part of none."""
    return "" if _recorder is None else _recorder.trace_id()


def outgoing() -> list[Any]:
    """Return the trace configurations of an aiohttp session, which tell the server of the trace."""
    return [] if _recorder is None else _recorder.outgoing()
