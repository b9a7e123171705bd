"""Connections that have asked for nothing yet: how long they may take, and how many there may be.

Whoever opens connections and sends no whole request would otherwise hold the process's files until
nobody else gets in. The longest waiting goes when there are too many: that costs a browser nothing,
which opens another one, and the newcomer is heard.
"""

import ipaddress
import logging
import resource
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

logger = logging.getLogger(__name__)
# Deadlines for the whole of it, which single bytes don't put off.
HEADER_SECONDS = 20
BODY_SECONDS = 120
IDLE_SECONDS = 75
# Files that the process may have open, if it is allowed to choose; and those it needs to be of use.
_FILES = 65_536
_FEW_FILES = 1024
# Of the files: a waiting request may have a second one, which its body is kept in.
_MOST_WAITING, _MOST_OF_ONE = 1024, 256
_IPV6_SITE = 64  # bits that a home or an office has for itself


def raise_file_limit() -> int:
    """Let this process open as many files as it may; return how many. A low number is logged."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = _FILES if soft == resource.RLIM_INFINITY else soft
    if files < _FEW_FILES:
        logger.warning(
            "This process may open %d files only, and each open page takes one. "
            "Raise the limit (ulimit -Hn) to %d or more.",
            files,
            _FEW_FILES,
        )
    return files


class WaitingRoom:
    """The connections that no whole request has come from, the longest waiting first."""

    def __init__(self, files: int, *, one_address: bool = False) -> None:
        """Make room as the number of `files` allows; with `one_address`, all come from a proxy."""
        self.places = min(_MOST_WAITING, files // 4)
        self.places_of_one = self.places if one_address else min(_MOST_OF_ONE, files // 8)
        self._waiting: dict[str, dict[HTTPChannel, None]] = {}

    def enter(self, channel: HTTPChannel) -> None:
        """Let `channel` wait, as the latest; too many for its address or in all, and one goes."""
        self.leave(channel)
        own = self._waiting.setdefault(_address(channel), {})
        own[channel] = None
        if len(own) > self.places_of_one:
            self._send_away(own)
        elif sum(map(len, self._waiting.values())) > self.places:
            self._send_away(max(self._waiting.values(), key=len))

    def leave(self, channel: HTTPChannel) -> None:
        """Forget `channel`: it has asked for something, or is gone."""
        address = _address(channel)
        own = self._waiting.get(address, {})
        own.pop(channel, None)
        if not own:
            self._waiting.pop(address, None)

    def _send_away(self, group: dict[HTTPChannel, None]) -> None:
        oldest = next(iter(group))
        self.leave(oldest)
        oldest.transport.abortConnection()


def _address(channel: HTTPChannel) -> str:
    """Return the address that counts as one client: of IPv6, the network of a site."""
    host = getattr(channel.transport.getPeer(), "host", "")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))
    return str(host)


class BoundedChannel(HTTPChannel):  # type: ignore[misc]  # as in `web`
    """A connection with deadlines: for the first byte, for a header, for a body, between requests.

    A websocket leaves it behind, and is under no deadline of it.
    """

    room: WaitingRoom
    _nothing_came = True

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's names
        """Begin to wait."""
        super().connectionMade()
        self.room.enter(self)

    def resetTimeout(self) -> None:  # noqa: N802
        """Put nothing off: Twisted would, for every byte."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take in data; the first of a request begins its time."""
        if self._nothing_came and not self._handlingRequest:
            self._nothing_came = False
            self.setTimeout(HEADER_SECONDS)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:  # noqa: N802
        """Give the body its time."""
        self.setTimeout(BODY_SECONDS)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802
        """Hand the request on; how long its answer takes is the application's affair."""
        self.room.leave(self)
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        """Wait for the next request, or for the end of what is still to be sent."""
        self._nothing_came = True
        self.room.enter(self)
        self._savedTimeOut = IDLE_SECONDS
        if not self.persistent:
            self.setTimeout(IDLE_SECONDS)
        super().requestDone(request)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Be gone."""
        self.room.leave(self)
        super().connectionLost(reason)
