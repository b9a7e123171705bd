"""Spans that are recorded, and sent by OTLP over HTTP. Imported only where that is asked for.

Spans wait in a bounded queue and are sent by a thread of their own: a collector that is away costs
spans and nothing else.
"""

import asyncio
import atexit
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Token
from typing import Any, Self

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tracing import Attributes, Carrier, Kind
from tracing.http_client import telling

logger = logging.getLogger(__name__)

_SERVICE = "storaiteller"
_NO_SERVICE = "unknown_service"  # what the library calls one without a name
_FLUSH = 1.5  # seconds that the end may take
_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
}
_CODE = re.compile(r"[a-z_]{1,40}")
# What other headers may bring, such as baggage, is passed on to nobody.
_propagator = TraceContextTextMapPropagator()


class Recorder:
    """Records the spans of this process."""

    def __init__(self, process: str, about: Callable[[], Attributes]) -> None:
        """Begin to send, as the variables say; what is theirs to set is not set here."""
        self._about = about
        self._provider = TracerProvider(resource=_resource(process), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter()))
        self._tracer = self._provider.get_tracer(_SERVICE)
        self._is_over = threading.Event()
        # Made now: at the end of the process no thread can be started.
        self._closing = threading.Thread(target=self._close, daemon=True, name="tracing")
        self._closing.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Send what there is; whoever does not take it in time does not get it."""
        self._is_over.set()
        self._closing.join(_FLUSH)

    def _close(self) -> None:
        self._is_over.wait()
        self._provider.shutdown()

    def span(self, name: str, kind: Kind, attributes: Attributes) -> "Recorded":
        """Begin a span."""
        known = {**self._about(), **attributes}
        return Recorded(self._tracer.start_span(name, kind=_KINDS[kind], attributes=known))

    def carrier(self) -> Carrier:
        """Return the headers of this place in the trace."""
        return Recorded(trace.get_current_span()).carrier()

    @contextmanager
    def going_on(self, there: Carrier) -> Iterator[None]:
        """Go on from `there` in the block."""
        token = context.attach(_propagator.extract(there, Context()))
        try:
            yield
        finally:
            context.detach(token)

    def trace_id(self) -> str:
        """Return the number of the trace, in hexadecimal digits."""
        found = trace.get_current_span().get_span_context()
        return trace.format_trace_id(found.trace_id) if found.is_valid else ""

    def outgoing(self) -> list[Any]:
        """Return what tells servers of the trace."""
        return [telling(self)]


class Recorded:
    """A span that is recorded; it does what `tracing.Span` says."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None
        self._is_refused = False

    def carrier(self) -> Carrier:
        """Return the headers by which another process goes on from this span."""
        found: dict[str, str] = {}
        _propagator.inject(found, trace.set_span_in_context(self._span))
        return found

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def event(self, name: str) -> None:
        self._span.add_event(name)

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))

    def refuse(self, code: str) -> None:
        self._span.set_attribute("error.type", code)
        self._is_refused = True

    def link(self) -> None:
        here = trace.get_current_span().get_span_context()
        if here.is_valid:
            self._span.add_link(here)

    def end(self) -> None:
        if self._span.is_recording():
            self._span.end()

    def __enter__(self) -> Self:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: object, error: BaseException | None, *_: object) -> None:
        if self._token is not None:
            context.detach(self._token)
        if error is not None and not self._is_refused:
            self.note(error)
        self.end()

    def note(self, error: BaseException) -> None:
        """Tell that it ended with `error`, which is no failure where it was cancelled."""
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._span.add_event("cancelled")
        else:
            self.fail(_kind_of(error))


def _kind_of(error: BaseException) -> str:
    """Return an error's code, or the name of its class: what it says may be a writer's text."""
    code = getattr(error, "code", None)
    if isinstance(code, str) and _CODE.fullmatch(code):
        return code
    return type(error).__name__


def _resource(process: str) -> Resource:
    """Return who sends: what the variables say, and our name where they say none."""
    told = Resource.create()
    own: dict[str, str | int] = {"process.pid": os.getpid(), "storaiteller.process": process}
    if str(told.attributes.get(SERVICE_NAME, "")).startswith(_NO_SERVICE):
        own[SERVICE_NAME] = _SERVICE
    return told.merge(Resource(own))


class _Exporter(OTLPSpanExporter):
    """Tells the log once that nothing can be sent, and once that it can be again."""

    def __init__(self) -> None:
        super().__init__()
        self._fails = False
        # It would say so at each try, several times a minute.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`."""
        result = super().export(spans)
        fails = result is not SpanExportResult.SUCCESS
        if fails != self._fails:
            self._fails = fails
            told = "can't be sent: they are dropped" if fails else "are sent again"
            logger.warning("Traces %s. OTEL_EXPORTER_OTLP_ENDPOINT names who takes them.", told)
        return result
