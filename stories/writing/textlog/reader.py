"""One connection for all that a process follows of others: Redis Streams, read into memory.

A blocking read a follower would take a connection each, and a pool has an end.
"""

import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from stories.writing.background import OnDemand, hold
from stories.writing.textlog.base import Piece
from stories.writing.textlog.memory import MemoryTextLog

logger = logging.getLogger(__name__)

END = b"end"
# Entries of a stream that are read at once.
_READ = 200
# Milliseconds that a read waits at most; the client's socket timeout has to be longer.
_BLOCK = 2_000
# An unheard bell of a process that died goes away by itself.
_KEEP_BELL = 3600  # seconds


def key_of(generation: int) -> str:
    """Return the name of a generation's stream: {o: offset, t: text}, and {end: 1} at its end."""
    return f"storaiteller:generation:{generation}:text"


@dataclass(eq=False)
class _Copy:
    """A stream that is followed: the id of its last entry here, and by how many."""

    last: bytes = b"0"
    length: int = 0  # code points
    followers: int = 0


class SharedReader:
    """The streams that one event loop follows, and the task that reads them while there are any."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._texts = MemoryTextLog()
        self._copies: dict[int, _Copy] = {}
        self._reading = OnDemand(self._run)
        # A stream of its own that interrupts the read when there is another one to be read.
        self._bell, self._rung = f"storaiteller:reader:{secrets.token_hex(8)}", b"0"

    async def follow(self, generation: int, offset: int, patience: float) -> AsyncIterator[Piece]:
        """Yield the text from `offset` on; see `TextLog.follow`.

        A Redis that is away or hangs looks like a silent log.
        """
        copy = await self._join(generation)
        try:
            following = self._texts.follow(generation, offset, patience)
            async with aclosing(following) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    yield piece
        finally:
            copy.followers -= 1
            if not copy.followers and self._copies.get(generation) is copy:
                self._drop(generation)

    async def _join(self, generation: int) -> _Copy:
        copy = self._copies.get(generation)
        if copy is None:
            copy = self._copies[generation] = _Copy()
            await self._texts.begin(generation)
            hold(self._ring())
        copy.followers += 1
        self._reading.start()
        return copy

    async def _ring(self) -> None:
        try:
            await self._client.xadd(self._bell, {"b": 1}, maxlen=1)
            await self._client.expire(self._bell, _KEEP_BELL)
        except (RedisError, OSError) as error:
            logger.warning("The logs in Redis are read later: %s", error)

    def _drop(self, generation: int) -> None:
        del self._copies[generation]
        self._texts.forget([generation])

    async def _run(self) -> None:
        while self._copies:
            asked = {key_of(number): (number, copy) for number, copy in self._copies.items()}
            heads: dict[Any, Any] = {key: copy.last for key, (_, copy) in asked.items()}
            try:
                answer = await self._client.xread(
                    {**heads, self._bell: self._rung}, count=_READ, block=_BLOCK
                )
            except (RedisError, OSError) as error:
                logger.warning("The logs in Redis can't be read: %s", error)
                # The database knows; who follows comes back to see.
                for number, copy in asked.values():
                    await self._end(number, copy)
                continue
            for key, entries in _streams(answer):
                if key == self._bell:
                    self._rung = entries[-1][0]
                else:
                    await self._take(*asked[key], entries)

    async def _take(self, number: int, copy: _Copy, entries: "_Entries") -> None:
        if self._copies.get(number) is not copy:
            return  # nobody follows it any more, or somebody anew
        for copy.last, fields in entries:
            if END in fields:
                await self._texts.finish(number)
                return
            offset, text = int(fields[b"o"]), fields[b"t"].decode()
            if offset > copy.length:
                # A piece was lost: the database has it, or will in a moment.
                await self._texts.finish(number)
                return
            await self._texts.append(number, Piece(offset, text))
            copy.length = offset + len(text)

    async def _end(self, number: int, copy: _Copy) -> None:
        if self._copies.get(number) is copy:
            await self._texts.finish(number)
            self._drop(number)


_Entries = list[tuple[bytes, dict[bytes, bytes]]]


def _streams(answer: Any) -> Iterator[tuple[str, _Entries]]:
    """Yield the streams that were read with their entries, in either protocol's shape."""
    streams = answer.items() if isinstance(answer, dict) else answer or ()
    for key, found in streams:
        # RESP3 wraps a stream's entries once more.
        wrapped = found and isinstance(found[0], list) and found[0]
        entries = found[0] if wrapped and isinstance(found[0][0], tuple | list) else found
        if entries:
            yield key.decode(), [(entry[0], entry[1]) for entry in entries]
