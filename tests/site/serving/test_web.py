"""What the web process does before it serves, and how it sends."""

import gc

import pytest
from daphne import server

from storaiteller_site.serving.web import BoundedWebSocket, FrozenServer


def test_what_is_loaded_is_left_out_of_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[tuple[int, int]] = []
    monkeypatch.setattr(
        server.Server,
        "run",
        lambda _: frozen.append((gc.get_freeze_count(), len(gc.get_objects()))),
    )
    try:
        FrozenServer(application=None, endpoints=["tcp:0"]).run()
    finally:
        gc.unfreeze()
    ((left_out, looked_through),) = frozen
    assert looked_through < 0.1 * left_out


class Out:
    """A transport whose system takes `room` bytes at a time; it breaks where that is None."""

    connected, disconnecting, TLS = True, False, False
    dataBuffer, offset, _tempDataLen = b"", 0, 0  # noqa: N815 - Twisted's names

    def __init__(self, room: int | None) -> None:
        self.room, self.taken, self.left = room, b"", b""

    def writeSomeData(self, data: bytes) -> int | Exception:  # noqa: N802
        if self.room is None:
            return ConnectionError()
        self.taken += data[: self.room]
        return min(self.room, len(data))

    def write(self, data: bytes) -> None:
        self.left += data
        self._tempDataLen += len(data)


def sending(room: int | None, **state: bool) -> tuple[BoundedWebSocket, Out]:
    """Return a socket and the transport that it sends through."""
    socket, out = BoundedWebSocket(), Out(room)
    for name, value in state.items():
        setattr(out, name, value)
    socket.transport, socket.send_queue, socket.state = out, [], BoundedWebSocket.STATE_CLOSED
    socket.logOctets, socket.peer = False, ""
    return socket, out


@pytest.mark.parametrize("room", [0, 3, 100, None])
def test_what_the_system_takes_is_sent_at_once_and_the_rest_in_order(room: int | None) -> None:
    socket, out = sending(room)
    for data in (b"Once ", b"upon ", b"a time"):
        socket.sendData(data)
    assert out.taken + out.left == b"Once upon a time"
    assert len(out.taken) == min(room or 0, 16)


@pytest.mark.parametrize("state", [{"TLS": True}, {"disconnecting": True}, {"connected": False}])
def test_nothing_is_sent_past_twisted_where_it_has_a_say(state: dict[str, bool]) -> None:
    socket, out = sending(100, **state)
    socket.sendData(b"Once")
    assert (out.taken, out.left) == (b"", b"Once")
