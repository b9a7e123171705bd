"""The web process: daphne, with bounds on what a request may bring and what a socket may hold.

    python -m storaiteller_site.serving.web --port 8000 storaiteller_site.asgi:application

Takes daphne's options. Daphne itself stores a request's whole body, however long, before the
application hears of it, and of an answer all that the client has not read yet (`pace`). Websocket
messages have a bound of daphne's own: one megabyte; how many of them wait, to be read by the
application or by the client, has none. Connections that ask for nothing are the business of
`connections`.
"""

import asyncio
import gc
import sys
from typing import Any

from daphne import server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError
from twisted.internet.defer import Deferred
from twisted.internet.tcp import Connection

from storaiteller_site.secret import DataFolderError
from storaiteller_site.serving.connections import (
    IDLE_SECONDS,
    BoundedChannel,
    WaitingRoom,
    raise_file_limit,
)
from storaiteller_site.serving.pace import Pace

# Twice what Django reads of a body (DATA_UPLOAD_MAX_MEMORY_SIZE), whose refusal is a page.
MAX_BODY = 4 * 1024 * 1024  # bytes
# Far above the text that a client may have on its way (`stories.live.flow`): only what a client
# asks for and does not read, such as answers to bad frames, can get there.
MAX_UNREAD = 512 * 1024  # bytes
# Collections of what is younger, to one of all: Python's own is 10.
SELDOM = 50
# Commands that wait for the one before them; a page sends one at a time.
MAX_WAITING = 256  # frames
# Of a socket whose process ends: it comes back, to another one. One of the application's own range,
# as in `stories.live.close_codes`.
LEAVING = 4503
_REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(WebRequest):  # type: ignore[misc]  # daphne has no types
    """A request that is refused as soon as its body is known to be too long."""

    received = 0
    refused = False
    pace: Pace | None = None  # of an answer in several parts

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

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Send a part of the answer; before the first of several, ask Twisted for their pace."""
        if self.channel is not None and not self.finished:
            if message.get("more_body") and self.pace is None:
                self.pace = Pace()
                self.registerProducer(self.pace, True)
            elif self.pace is not None and not message.get("more_body"):
                self.unregisterProducer()
                self.pace = None
        super().handle_reply(message)

    async def keep_pace(self) -> None:
        """Wait until the client has read what was sent; give up one that does not read."""
        try:
            if self.pace is not None:
                await self.pace.wait()
        except TimeoutError:
            if self.channel is not None:
                self.channel.transport.abortConnection()

    def _refuse(self) -> None:
        if not self.refused:
            self.refused = True
            self.channel.transport.write(_REFUSAL)
            self.channel.loseConnection()


class BoundedHTTPFactory(HTTPFactory):  # type: ignore[misc]
    """Makes connections that are bounded, and so are their requests."""

    protocol = BoundedChannel

    def __init__(self, server: Any) -> None:
        """Make room for the connections of `server`."""
        super().__init__(server)
        self.timeOut = IDLE_SECONDS
        behind_proxy = settings.ALLAUTH_TRUSTED_PROXY_COUNT > 0
        self.room = WaitingRoom(raise_file_limit(), one_address=behind_proxy)

    def buildProtocol(self, address: Any) -> Any:  # noqa: N802
        """Return the protocol of a new connection."""
        protocol = super().buildProtocol(address)
        protocol.requestFactory = BoundedRequest
        protocol.room = self.room
        return protocol


class BoundedWebSocket(WebSocketProtocol):  # type: ignore[misc]
    """A socket that is cut off when its client sends or leaves unread more than any page does."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Hand a message to the application, unless too many wait for it."""
        if self.application_queue.qsize() > MAX_WAITING:
            self.transport.abortConnection()
        else:
            super().onMessage(payload, isBinary)

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:  # noqa: N802
        """Send a message, unless too much of what was sent is unread."""
        super().serverSend(content, binary)
        if self._unread() > MAX_UNREAD:
            self.transport.abortConnection()

    def sendData(  # noqa: N802
        self, data: bytes, sync: bool = False, chopsize: int | None = None
    ) -> None:
        """Hand `data` to the system at once, and to Twisted what that doesn't take.

        Twisted asks first whether the system would: that, and a line for a log that nobody keeps,
        is a third of what a frame costs.
        """
        out = self.transport
        # What wraps a connection, as TLS does, passes its names on: it is asked for its kind.
        is_plain = isinstance(out, Connection) and out.connected and not out.TLS
        is_ending = is_plain and (out.disconnecting or out._aborting)
        waits = sync or chopsize or self.send_queue
        if is_plain and not (is_ending or waits or self._unread()):
            sent = out.writeSomeData(data)
            # Anything else is the connection's loss, of which Twisted tells everybody.
            data = data[sent:] if isinstance(sent, int) else data
        if data:
            super().sendData(data, sync, chopsize)

    def _unread(self) -> int:
        """Return how many bytes the system has not taken; Twisted has no other way of telling."""
        out = self.transport
        unread: int = len(out.dataBuffer) - out.offset + out._tempDataLen
        return unread


class BoundedWebSocketFactory(WebSocketFactory):  # type: ignore[misc]
    """Makes bounded sockets."""

    protocol = BoundedWebSocket


class FrozenServer(server.Server):  # type: ignore[misc]
    """A server that seldom looks through all it has for garbage, and never through loaded code.

    Each time, that stood in the middle of everybody's words: for 150 ms with the code, which is
    most of what there is, and for 60 to 120 ms without it where 250 stories are written, which
    came to it every ten seconds.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Make a server of daphne's options."""
        super().__init__(*arguments, **options)
        self.ports: list[Any] = []

    def run(self) -> None:
        """Serve until terminated; the application is loaded by now."""
        gc.collect()
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, SELDOM)
        super().run()

    def listen_success(self, port: Any) -> None:
        """Remember the port that is listened on."""
        super().listen_success(port)
        self.ports.append(port)

    def kill_all_applications(self) -> Any:
        """Before the end, which waits for it: end what is open, after what is to be ended well."""
        if not settings.DRAIN_SECONDS:
            return super().kill_all_applications()
        drained = Deferred.fromFuture(asyncio.ensure_future(self._drain()))
        return drained.addBoth(lambda _: super(FrozenServer, self).kill_all_applications())

    async def _drain(self) -> None:
        """Take in nothing new, send the sockets elsewhere, let the application come to its end."""
        for port in self.ports:
            port.stopListening()
        for protocol in list(self.connections):
            if isinstance(protocol, BoundedWebSocket) and protocol.state == protocol.STATE_OPEN:
                protocol.sendClose(LEAVING)
        events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        events.put_nowait({"type": "lifespan.shutdown"})
        sent: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        await self.application(scope, events.get, sent.put)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send what the application says, and let it wait for a client that reads slowly."""
        await super().handle_reply(protocol, message)
        if isinstance(protocol, BoundedRequest):
            await protocol.keep_pace()


def main() -> None:
    """Serve until terminated."""
    CommandLineInterface.server_class = FrozenServer
    # Daphne's server makes its factories itself, by these names.
    server.HTTPFactory = BoundedHTTPFactory
    server.WebSocketFactory = BoundedWebSocketFactory
    try:
        CommandLineInterface.entrypoint()
    except (DataFolderError, EnvError, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
