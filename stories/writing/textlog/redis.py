"""The text log of several processes, in Redis Streams: one stream per generation."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import redis
from redis.asyncio import Redis

from stories.writing.background import PerLoop
from stories.writing.textlog.base import Piece

# An abandoned log goes too; the database has had the text for a long time by then.
KEEP_RUNNING = 24 * 3600  # seconds
KEEP_FINISHED = 300  # seconds
_END = b"end"
# Entries read at once: a follower that waits for its client holds no more of them.
_READ = 200


class RedisTextLog:
    """Entries are {o: offset, t: text}; {end: 1} closes the log."""

    def __init__(self, url: str) -> None:
        self._url = url
        # A blocking read outlasts redis-py's default socket timeout.
        self._clients = PerLoop(lambda: Redis.from_url(url, socket_timeout=None))

    def _client(self) -> Redis:
        return self._clients.here()

    async def close(self) -> None:
        """Close the running loop's connections; it may use the log again."""
        await self._client().aclose()

    async def begin(self, generation: int) -> None:
        """Drop an older log of this number."""
        await self._client().delete(_key(generation))

    async def append(self, generation: int, piece: Piece) -> None:
        """Add `piece`; the first one decides how long a log of a killed process stays."""
        await self._client().xadd(_key(generation), {"o": piece.offset, "t": piece.text})
        if not piece.offset:
            await self._client().expire(_key(generation), KEEP_RUNNING)

    async def finish(self, generation: int) -> None:
        """Close the log; it expires after `KEEP_FINISHED` seconds."""
        key = _key(generation)
        await self._client().xadd(key, {_END: 1})
        await self._client().expire(key, KEEP_FINISHED)

    async def follow(self, generation: int, offset: int, patience: float) -> AsyncIterator[Piece]:
        """Yield the text from `offset` on; see `TextLog.follow`."""
        key, last = _key(generation), b"0"
        while True:
            answer = await self._client().xread(
                {key: last}, count=_READ, block=int(patience * 1000)
            )
            entries = _entries(answer)
            if not entries:
                return
            for last, fields in entries:  # noqa: B007 - the last one is where to go on
                if _END in fields:
                    return
                start, text = int(fields[b"o"]), fields[b"t"].decode()
                if start > offset:
                    return  # a piece was lost: the database has it, or will in a moment
                missing = text[max(0, offset - start) :]
                if missing:
                    offset = start + len(text)
                    yield Piece(offset - len(missing), missing)

    def forget(self, generations: Iterable[int]) -> None:
        """Drop the logs at once."""
        keys = [_key(generation) for generation in generations]
        if keys:
            with redis.Redis.from_url(self._url) as client:
                client.delete(*keys)

    def text(self, generation: int) -> str:
        """Return all that is in the log."""
        with redis.Redis.from_url(self._url) as client:
            entries: Any = client.xrange(_key(generation))
        return "".join(fields[b"t"].decode() for _, fields in entries if b"t" in fields)


def _key(generation: int) -> str:
    return f"storaiteller:generation:{generation}:text"


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return the entries of the one stream that was read, in either protocol's shape."""
    if not answer:
        return []
    streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer]
    found = next(iter(streams))
    # RESP3 wraps a stream's entries once more.
    if found and isinstance(found[0], list) and found[0] and isinstance(found[0][0], tuple | list):
        found = found[0]
    return [(entry[0], entry[1]) for entry in found]
