"""A collector of traces on a port: it takes OTLP over HTTP, and keeps what it was sent."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Seen:
    """A span as it was sent."""

    name: str
    trace: str
    number: str
    parent: str
    kind: int
    is_error: bool
    attributes: dict[str, Any]
    events: list[str]
    links: list[str]  # numbers of spans
    resource: dict[str, Any]


@dataclass
class Collector:
    """What was sent so far, and the variables by which it is sent here."""

    url: str
    spans: list[Seen] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables; what ended goes out after a tenth of a second."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def named(self, name: str, within: str = "") -> list[Seen]:
        """Return the spans of that name, of all traces or `within` one."""
        return [span for span in self.spans if span.name == name and within in {"", span.trace}]

    def wait_for(self, name: str, fits: Callable[[Seen], bool] = lambda span: True) -> Seen:
        """Return the first span of that name that `fits`, once it is here."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := [span for span in self.named(name) if fits(span)]:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"no span {name!r} among {sorted({s.name for s in self.spans})}")

    def take(self, body: bytes) -> None:
        """Take in what was sent."""
        self.bodies.append(body)
        for of_process in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _told(of_process.resource.attributes)
            for scope in of_process.scope_spans:
                self.spans += [_seen(span, resource) for span in scope.spans]


def _seen(span: Any, resource: dict[str, Any]) -> Seen:
    return Seen(
        name=span.name,
        trace=span.trace_id.hex(),
        number=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        kind=span.kind,
        is_error=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_told(span.attributes),
        events=[event.name for event in span.events],
        links=[link.span_id.hex() for link in span.links],
        resource=resource,
    )


def _told(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    serving.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
