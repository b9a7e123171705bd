"""The text log of several processes, in Redis Streams: one stream per generation."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import redis
from redis.asyncio import BlockingConnectionPool, Redis

from stories.writing.background import PerLoop
from stories.writing.textlog.base import Piece
from stories.writing.textlog.memory import MemoryTextLog, whole
from stories.writing.textlog.pipelined import Pipelined
from stories.writing.textlog.reader import END, SharedReader, key_of

# An abandoned log goes too; the database has had the text for a long time by then.
KEEP_RUNNING = 24 * 3600  # seconds
KEEP_FINISHED = 300  # seconds
# Connections of a process: one that reads, one that writes, and the word to the one that reads.
_CONNECTIONS = 4
_TIMEOUT = 10  # seconds: a Redis that hangs is one that is away


class _Access:
    """What one event loop has of Redis."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url, max_connections=_CONNECTIONS, timeout=_TIMEOUT, socket_timeout=_TIMEOUT
        )
        self.client = Redis.from_pool(pool)
        self.pipelined = Pipelined(self.client)
        self.own = MemoryTextLog()
        self.reader = SharedReader(self.client)


class RedisTextLog:
    """Streams as `reader.key_of` names them.

    What is written by the same loop is followed in memory, once Redis has it: what was shown is in
    Redis when the process dies. What others write is read by one `SharedReader`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._access = PerLoop(lambda: _Access(url))

    async def close(self) -> None:
        """Close the running loop's connections; it may use the log again."""
        await self._access.here().client.aclose()

    async def begin(self, generation: int) -> None:
        """Drop an older log of this number."""
        await self._access.here().own.begin(generation)
        await self._access.here().pipelined.do(("DEL", key_of(generation)))

    async def append(self, generation: int, piece: Piece) -> None:
        """Add `piece`; the first one decides how long a log of a killed process stays."""
        key, here = key_of(generation), self._access.here()
        adding = ("XADD", key, "*", "o", piece.offset, "t", piece.text.encode())
        if piece.offset:
            await here.pipelined.do(adding)
        else:
            await here.pipelined.do(adding, ("EXPIRE", key, KEEP_RUNNING))
        await here.own.append(generation, piece)

    async def finish(self, generation: int) -> None:
        """Close the log; it expires after `KEEP_FINISHED` seconds."""
        key, here = key_of(generation), self._access.here()
        await here.own.finish(generation)
        await here.pipelined.do(("XADD", key, "*", END, 1), ("EXPIRE", key, KEEP_FINISHED))

    def follow(self, generation: int, offset: int, patience: float) -> AsyncIterator[Piece]:
        """Yield the text from `offset` on; see `TextLog.follow`."""
        here = self._access.here()
        log = here.own if here.own.has(generation) else here.reader
        return log.follow(generation, offset, patience)

    def forget(self, generations: Iterable[int]) -> None:
        """Drop the logs at once."""
        generations = list(generations)
        for access in self._access.all():
            access.own.forget(generations)
        if keys := [key_of(generation) for generation in generations]:
            with redis.Redis.from_url(self._url) as client:
                client.delete(*keys)

    def text(self, generation: int) -> str:
        """Return all that is in the log."""
        with redis.Redis.from_url(self._url) as client:
            entries: Any = client.xrange(key_of(generation))
        # A connection that broke may have added a piece that is offered again.
        return whole(
            Piece(int(fields[b"o"]), fields[b"t"].decode())
            for _, fields in entries
            if b"t" in fields
        )
