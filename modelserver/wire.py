"""An answer in pieces, as it comes over the wire: `/api/chat` and `/api/generate`."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from modelserver.connection import clients, raise_for_status
from modelserver.errors import (
    BrokenStreamError,
    NotOllamaError,
    SilentError,
    is_page,
    raise_told,
    translated,
)
from modelserver.sayings import said
from modelserver.server import Server

_MOST_TOKENS = 2**31 - 1  # of a database's number
# Ollama closes an answer without a word when more than thirty pieces in a row read the same.
_REPEATED = 30
REPEATED = "repeat"
RENDERED = "rendered"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the answer; the last one has `done` and the counts, None where they are unlikely.

    `done_reason` is the server's, or "repeat" where it ended an answer that only repeated itself.
    `thinks` tells that the model reasons at this moment; what it thinks is left out.
    """

    text: str
    done: bool = False
    done_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    thinks: bool = False


async def chunks(
    server: Server, model: str, path: str, body: dict[str, Any]
) -> AsyncIterator[Chunk]:
    """Yield the answer to a POST of `body`, the last one with `done`.

    Where the body asks for it, that is the one with the prompt as the server renders it, its
    reason "rendered". Closing the iterator closes the connection, and so stops the model. Raises
    `ModelServerError`.
    """
    latest: deque[str] = deque(maxlen=_REPEATED + 1)
    rest = b""
    with translated(server, model):
        async with (
            _Patience(server) as patience,
            clients(server).http.post(path, json=body, allow_redirects=False) as response,
        ):
            await raise_for_status(response)
            # Not by a generator of lines: one more of those costs a tenth of what a token does.
            async for data in response.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if not line:
                        continue
                    chunk = _parse(line, server)
                    # Only text is a sign of life: empty pieces can come for ever.
                    if chunk.text or chunk.thinks or chunk.done:
                        patience.heard()
                    latest.append(chunk.text)
                    yield chunk
                    if chunk.done:
                        return
            if rest.strip():
                chunk = _parse(rest, server)
                yield chunk
                if chunk.done:
                    return
    if len(latest) <= _REPEATED or len({text.strip() for text in latest}) > 1:
        raise BrokenStreamError(said("The model server ended its answer in the middle."))
    yield Chunk("", done=True, done_reason=REPEATED)


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


def _parse(line: bytes, server: Server) -> Chunk:
    try:
        part = json.loads(line)
    except ValueError as error:
        if is_page(line.decode(errors="replace")):
            raise NotOllamaError(server, "a web page") from error
        raise BrokenStreamError(
            said("The model server's answer broke off, or can't be read."), hint=_shape(line)
        ) from error
    message = part.get("message") or {} if isinstance(part, dict) else None
    if not isinstance(message, dict):
        raise BrokenStreamError(said("The model server's answer can't be read."), hint=_shape(line))
    if "error" in part:
        raise_told(part["error"])
    # A chat answers with messages, a completion with responses.
    text = str(message.get("content") or part.get("response") or "")
    if not part.get("done"):
        rendered = part.get("_debug_info")
        if isinstance(rendered, dict):
            text = str(rendered.get("rendered_template") or "")
            return Chunk(text, done=True, done_reason=RENDERED)
        return Chunk(text, thinks=bool(message.get("thinking") or part.get("thinking")))
    return Chunk(
        text,
        done=True,
        done_reason=str(part.get("done_reason") or "stop"),
        prompt_tokens=_count(part.get("prompt_eval_count")),
        completion_tokens=_count(part.get("eval_count")),
    )


def _count(value: object) -> int | None:
    """Return a number of tokens as it can be, or None for anything else that a server says."""
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None


def _shape(line: bytes) -> str:
    """Return what can be told of a line for the log, where no text of a story belongs."""
    return f"A line of {len(line):,} bytes was no message."
