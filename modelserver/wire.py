"""An answer in pieces, as it comes over the wire; a dialect's reader knows what a line is."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, Protocol

import aiohttp
import msgspec

from modelserver.connection import posted, raise_for_status
from modelserver.errors import BrokenStreamError, SilentError, translated
from modelserver.sayings import said
from modelserver.server import Server

_quick = msgspec.json.Decoder()
_MOST_TOKENS = 2**31 - 1  # of a database's number


# One is made for each token: a dataclass takes several times as long.
class Chunk(msgspec.Struct, frozen=True):
    """A piece of the answer; the last one has `done` and the counts, None where they are unlikely.

    `done_reason` is the server's, or "repeat" where it ended an answer that only repeated itself.
    `thinks` tells that the model reasons at this moment; what it thinks is left out. `parts` are
    those that `text` is joined of, where several pieces with nothing but text came at once.
    """

    text: str
    done: bool = False
    done_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    thinks: bool = False
    parts: tuple[str, ...] = ()

    def apart(self) -> "Iterator[Chunk]":
        """Yield the pieces as they came."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield Chunk(part)


class Reader(Protocol):
    """What a dialect makes of an answer's lines; one for each answer."""

    def read(self, line: bytes) -> Chunk | None:
        """Return the piece that `line` is, None if it is none. Raises `ModelServerError`."""
        ...

    def ended(self) -> Chunk | None:
        """Return the last piece of an answer that stopped without one; None if it is broken."""
        ...


async def chunks(
    server: Server, model: str, path: str, body: dict[str, Any], reader: Reader, pace: float = 0.0
) -> AsyncIterator[Chunk]:
    """Yield the answer to a POST of `body`, the last one with `done`.

    From the first text or thought on, what comes within `pace` seconds is read at once, and its
    text is one piece. Closing the iterator closes the connection, and so stops the model. Raises
    `ModelServerError`.
    """
    rest, is_paced = b"", False
    with translated(server, model):
        async with (
            _Patience(server) as patience,
            posted(server, path, json=body) as response,
            aclosing(_arriving(response)) as arriving,  # type: ignore[type-var]
        ):
            async for data in arriving:
                *lines, rest = (rest + data).split(b"\n")
                is_alive = False
                for chunk in _joined(lines, reader) if is_paced else _read(lines, reader):
                    # Only text is a sign of life: empty pieces can come for ever.
                    if not is_alive and (chunk.text or chunk.thinks or chunk.done):
                        is_alive = True
                        patience.heard()
                    yield chunk
                    if chunk.done:
                        return
                is_paced = is_paced or (is_alive and pace > 0)
                if is_paced:
                    await _next_beat(pace)
            if rest.strip() and (last := reader.read(rest)) is not None:
                yield last
                if last.done:
                    return
    if (end := reader.ended()) is None:
        raise BrokenStreamError(said("The model server ended its answer in the middle."))
    yield end


def _read(lines: list[bytes], reader: Reader) -> Iterator[Chunk]:
    return (chunk for line in lines if line and (chunk := reader.read(line)) is not None)


def _joined(lines: list[bytes], reader: Reader) -> Iterator[Chunk]:
    """Yield the pieces that `lines` are; those in a row that are nothing but text are joined."""
    texts: list[str] = []
    try:
        for chunk in _read(lines, reader):
            if chunk.done or chunk.thinks:
                yield from _one_of(texts)
                texts.clear()
                yield chunk
            else:
                texts.append(chunk.text)
    except Exception:
        yield from _one_of(texts)  # what came before it counts
        raise
    yield from _one_of(texts)


def _one_of(texts: list[str]) -> Iterator[Chunk]:
    if texts:
        yield Chunk("".join(texts), parts=tuple(texts) if len(texts) > 1 else ())


async def _arriving(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield what comes, to the last byte before a connection is lost.

    Of that, aiohttp itself only says that it was lost: who waits for a beat would not see it.
    """
    await raise_for_status(response)
    try:
        async for data in response.content.iter_any():
            yield data
    except (aiohttp.ClientError, OSError):
        yield b"".join(response.content._buffer)
        raise


async def _next_beat(pace: float) -> None:
    """Wait for the next beat of `pace` seconds; it is the same for all answers.

    So the loop wakes up once for all of them, and not for each token of each.
    """
    await asyncio.sleep(pace - asyncio.get_running_loop().time() % pace)


class _Patience:
    """Ends its block with `SilentError` when nothing is heard for too long."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._timeout = asyncio.timeout(server.load)
        self._moved = 0.0

    async def __aenter__(self) -> "_Patience":
        await self._timeout.__aenter__()
        return self

    def heard(self) -> None:
        """There was a sign of the model server."""
        now = asyncio.get_running_loop().time()
        # Moving a timer for each token would cost as much as reading it.
        if now - self._moved > 1:
            self._moved = now
            self._timeout.reschedule(now + self._server.silence + 1)

    async def __aexit__(self, *details: Any) -> None:
        try:
            await self._timeout.__aexit__(*details)
        except TimeoutError as error:
            if self._moved:
                raise SilentError(
                    said("The model server fell silent while it was writing.")
                ) from error
            raise SilentError(
                said(
                    "The model server did not begin to write: it may still be loading the model. "
                    "Try again in a moment."
                ),
                hint=f"MODEL_LOAD_SECONDS is {self._server.load:g}.",
            ) from error


def parsed(line: bytes) -> Any:
    """Return what `line` says as JSON. Raises `ValueError`."""
    try:
        return _quick.decode(line)
    except msgspec.DecodeError:
        return json.loads(line)  # half a surrogate pair is no fault to it


def token_count(value: object) -> int | None:
    """Return a number of tokens as it can be, or None for anything else that a server says."""
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None


def shape(line: bytes) -> str:
    """Return what can be told of a line for the log, where no text of a story belongs."""
    return f"A line of {len(line):,} bytes was no message."
