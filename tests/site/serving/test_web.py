"""What the web process does before it serves, and how it sends."""

import gc

import pytest
from daphne import server
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.tcp import Connection
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from storaiteller_site.serving.web import BoundedWebSocket, FrozenServer


def test_what_is_loaded_is_left_out_of_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[tuple[int, int, tuple[int, int, int]]] = []
    before = gc.get_threshold()
    monkeypatch.setattr(
        server.Server,
        "run",
        lambda _: frozen.append((gc.get_freeze_count(), len(gc.get_objects()), gc.get_threshold())),
    )
    try:
        FrozenServer(application=None, endpoints=["tcp:0"]).run()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
    ((left_out, looked_through, thresholds),) = frozen
    assert looked_through < 0.1 * left_out
    assert thresholds == (*before[:2], 5 * before[2])


class Out(Connection):  # type: ignore[misc]
    """A connection whose system takes `room` bytes at a time; it breaks where that is None."""

    def __init__(self, room: int | None) -> None:
        self.room, self.taken, self.left = room, b"", b""
        self.connected, self._tempDataLen = True, 0

    def writeSomeData(self, data: bytes) -> int | Exception:  # noqa: N802
        if self.room is None:
            return ConnectionError()
        self.taken += data[: self.room]
        return min(self.room, len(data))

    def write(self, data: bytes) -> None:
        self.left += data
        self._tempDataLen += len(data)


def socket_on(transport: Connection | ProtocolWrapper) -> BoundedWebSocket:
    """Return a socket that sends through `transport`."""
    socket = BoundedWebSocket()
    socket.transport, socket.send_queue, socket.state = transport, [], socket.STATE_CLOSED
    socket.logOctets, socket.peer = False, ""
    return socket


@pytest.mark.parametrize("room", [0, 3, 100, None])
def test_what_the_system_takes_is_sent_at_once_and_the_rest_in_order(room: int | None) -> None:
    out = Out(room)
    socket = socket_on(out)
    for data in (b"Once ", b"upon ", b"a time"):
        socket.sendData(data)
    assert out.taken + out.left == b"Once upon a time"
    assert len(out.taken) == min(room or 0, 16)


@pytest.mark.parametrize("name", ["TLS", "disconnecting", "_aborting", "connected"])
def test_nothing_is_sent_past_twisted_where_it_has_a_say(name: str) -> None:
    out = Out(100)
    setattr(out, name, name != "connected")
    socket_on(out).sendData(b"Once")
    assert (out.taken, out.left) == (b"", b"Once")


def test_nothing_is_sent_past_what_wraps_the_connection() -> None:
    """TLS does; it would go out in the clear."""
    out = Out(100)
    wrapper = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
    wrapper.transport = out
    socket_on(wrapper).sendData(b"Once")
    assert (out.taken, out.left) == (b"", b"Once")
