"""A cable between a client and a server on this machine, to be pulled out and put in again."""

import socket
import threading
from contextlib import suppress

_SOME = 65_536  # bytes


class Cable:
    """Passes on what comes to a port of its own; while it is pulled, nothing is answered there."""

    def __init__(self) -> None:
        """Lead nowhere yet."""
        self._to = ("127.0.0.1", 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_pulled = False
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, port: int) -> None:
        """Lead to `port` of this machine."""
        self._to = ("127.0.0.1", port)

    @property
    def port(self) -> int:
        """Where clients connect to."""
        found: int = self._listener.getsockname()[1]
        return found

    def pull(self) -> None:
        """End all connections, and each new one as it comes."""
        with self._lock:
            self._is_pulled = True
            ends, self._open = self._open, set()
        for end in ends:
            _shut(end)

    def plug(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._is_pulled = False

    def close(self) -> None:
        """End all of it."""
        self.pull()
        _shut(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        with self._lock:
            if not self._is_pulled:
                with suppress(OSError):
                    server = socket.create_connection(self._to)
                    self._open |= {client, server}
                    for pair in ((client, server), (server, client)):
                        threading.Thread(target=_pump, args=pair, daemon=True).start()
                    return
        _shut(client)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_SOME):
            target.sendall(data)
    _shut(source)
    _shut(target)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
