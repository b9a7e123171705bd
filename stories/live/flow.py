"""How much text may be on its way to a client: what it has not acknowledged is bounded.

Daphne takes whatever it is given: what a client does not read would pile up in this process.
Imports nothing of ours but the log's `Piece`.
"""

import asyncio
from collections.abc import AsyncIterator

from stories.writing.textlog import Piece

# Code points after which a client should acknowledge; the page is told to.
ACKNOWLEDGE_EVERY = 2_000
# Code points sent and not acknowledged, at most.
UNACKNOWLEDGED = 8 * 1024
# Code points of a frame, at most: far enough below the bound for a client that acknowledges late.
LONGEST_PIECE = 2 * 1024
# Seconds without an acknowledgement after which a client that has the bound's worth is given up.
STALLED_AFTER = 60.0


class StalledError(Exception):
    """The client has acknowledged nothing for `STALLED_AFTER` seconds."""


class Window:
    """What of one generation's text is on its way to one client; offsets are code points."""

    def __init__(self, offset: int) -> None:
        self._sent = self._acknowledged = offset
        self._moved = asyncio.Event()

    def acknowledge(self, offset: int) -> None:
        """The client has the text up to `offset`; it can't have more than was sent."""
        offset = min(offset, self._sent)
        if offset > self._acknowledged:
            self._acknowledged = offset
            self._moved.set()

    async def admit(self, piece: Piece) -> AsyncIterator[Piece]:
        """Yield `piece` in parts to be sent, each once there is room for it.

        Raises `StalledError`.
        """
        for start in range(0, len(piece.text), LONGEST_PIECE):
            part = Piece(piece.offset + start, piece.text[start : start + LONGEST_PIECE])
            end = part.offset + len(part.text)
            while end - self._acknowledged > UNACKNOWLEDGED:
                await self._wait()
            self._sent = end
            yield part

    async def _wait(self) -> None:
        self._moved.clear()
        try:
            await asyncio.wait_for(self._moved.wait(), STALLED_AFTER)
        except TimeoutError as error:
            raise StalledError from error
