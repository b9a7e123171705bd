"""The web process: daphne, with bounds on what a request may bring.

    python -m storaiteller_site.web --port 8000 storaiteller_site.asgi:application

Takes daphne's options. Daphne itself stores a request's whole body, however long, before the
application hears of it. Websocket messages have a bound of daphne's own: one megabyte.
"""

from typing import Any

from daphne import server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest

# Twice what Django reads of a body (DATA_UPLOAD_MAX_MEMORY_SIZE), whose refusal is a page.
MAX_BODY = 4 * 1024 * 1024  # bytes
_REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(WebRequest):  # type: ignore[misc]  # daphne has no types
    """A request that is refused as soon as its body is known to be too long."""

    received = 0
    refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Refuse a body by its announced length (bytes; None when it comes in chunks)."""
        too_long = length is not None and length > MAX_BODY
        super().gotLength(0 if too_long else length)
        if too_long:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Take in a part of the body, or refuse it once it is too long."""
        self.received += len(data)
        if self.received > MAX_BODY:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Answer the request, unless it was refused."""
        # Daphne takes the site's root path from it, whoever sends it.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        return None if self.refused else super().process()

    def _refuse(self) -> None:
        if not self.refused:
            self.refused = True
            self.channel.transport.write(_REFUSAL)
            self.channel.loseConnection()


class BoundedHTTPFactory(HTTPFactory):  # type: ignore[misc]
    """Makes connections whose requests are bounded."""

    def buildProtocol(self, address: Any) -> Any:  # noqa: N802
        """Return the protocol of a new connection."""
        protocol = super().buildProtocol(address)
        protocol.requestFactory = BoundedRequest
        return protocol


def main() -> None:
    """Serve until terminated."""
    # Daphne's server makes its factory itself, by this name.
    server.HTTPFactory = BoundedHTTPFactory
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
