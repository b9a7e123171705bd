"""The text log of a single process."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from stories.writing.textlog.base import Piece

# How long a finished log stays for sockets that are behind; the database has the text by then.
KEEP_FINISHED = 60.0  # seconds


@dataclass
class _Log:
    pieces: list[Piece] = field(default_factory=list)
    finished: bool = False
    waiters: list[asyncio.Future[bool]] = field(default_factory=list)

    def read(self, offset: int) -> Piece | None:
        """Return what is there from `offset` on, without a gap, as one piece."""
        index = bisect_right(self.pieces, offset, key=lambda piece: piece.offset) - 1
        end, texts = offset, []
        for start, text in self.pieces[max(index, 0) :]:
            if start > end:
                break
            texts.append(text[end - start :])
            end = max(end, start + len(text))
        return Piece(offset, "".join(texts)) if end > offset else None

    def wake(self) -> None:
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            _resolve(waiter, True)


def whole(pieces: Iterable[Piece]) -> str:
    """Return the text of `pieces` up to a gap; what was added twice is there once."""
    found = _Log([*pieces]).read(0)
    return found.text if found else ""


def _resolve(waiter: "asyncio.Future[bool]", woken: bool) -> None:
    if not waiter.done():
        waiter.set_result(woken)


class MemoryTextLog:
    """Logs in a dictionary; appending wakes the followers of the same event loop."""

    def __init__(self) -> None:
        self._logs: dict[int, _Log] = {}

    def has(self, generation: int) -> bool:
        """Tell whether there is a log of `generation`."""
        return generation in self._logs

    async def begin(self, generation: int) -> None:
        """Open an empty log."""
        self._logs[generation] = _Log()

    async def append(self, generation: int, piece: Piece) -> None:
        """Add `piece` and wake the followers; a forgotten log stays forgotten."""
        log = self._logs.get(generation)
        if log is None:
            return
        log.pieces.append(piece)
        log.wake()

    async def finish(self, generation: int) -> None:
        """Close the log and drop it after `KEEP_FINISHED` seconds."""
        log = self._logs.get(generation)
        if log is None:
            return
        log.finished = True
        log.wake()
        asyncio.get_running_loop().call_later(KEEP_FINISHED, self._drop, generation, log)

    def _drop(self, generation: int, log: _Log) -> None:
        if self._logs.get(generation) is log:
            del self._logs[generation]

    async def follow(self, generation: int, offset: int, patience: float) -> AsyncIterator[Piece]:
        """Yield the text from `offset` on; see `TextLog.follow`."""
        log, loop = self._logs.get(generation), asyncio.get_running_loop()
        while log is not None:
            piece = log.read(offset)
            if piece is not None:
                offset += len(piece.text)
                yield piece
            elif log.finished:
                return
            else:
                waiter: asyncio.Future[bool] = loop.create_future()
                log.waiters.append(waiter)
                # A bare timer: this runs once a piece and socket, and wait_for costs more.
                timer = loop.call_later(patience, _resolve, waiter, False)
                try:
                    if not await waiter:
                        return
                finally:
                    timer.cancel()

    def forget(self, generations: Iterable[int]) -> None:
        """Drop the logs at once."""
        for generation in generations:
            self._logs.pop(generation, None)

    def text(self, generation: int) -> str:
        """Return all that is in the log."""
        log = self._logs.get(generation)
        return whole(log.pieces) if log else ""
