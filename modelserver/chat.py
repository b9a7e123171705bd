"""Stories from the model: a chat, answered in pieces."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from django.conf import settings

from modelserver.connection import clients_of_this_loop, raise_for_status
from modelserver.errors import BrokenStreamError, ServerFaultError, SilentError, translated


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the answer; the last one has `done` and the counts."""

    text: str
    done: bool = False
    done_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


async def chat(
    model: str, messages: list[dict[str, str]], options: dict[str, Any], *, thinks: bool = False
) -> AsyncIterator[Chunk]:
    """Yield the model's answer as it comes; a last message of the assistant is continued.

    A model that `thinks` is told not to: its reasoning would be paid for and never shown. Closing
    the iterator closes the connection, and so stops the model. Raises `ModelServerError`.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "options": options,
        # A prompt that doesn't fit is an error here, and never cut in silence.
        "truncate": False,
        "shift": False,
    }
    if thinks:
        body["think"] = False
    with translated(model):
        async with (
            _Patience() as patience,
            clients_of_this_loop().http.post(
                "api/chat", json=body, allow_redirects=False
            ) as response,
        ):
            await raise_for_status(response)
            async for line in _lines(response):
                chunk = _parse(line)
                patience.heard()
                yield chunk
                if chunk.done:
                    return
    raise BrokenStreamError("The model server ended its answer in the middle.")


class _Patience:
    """Ends its block with `SilentError` when nothing is heard for too long."""

    def __init__(self) -> None:
        self._timeout = asyncio.timeout(settings.MODEL_LOAD_SECONDS)
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
            self._timeout.reschedule(now + settings.MODEL_SILENCE_SECONDS + 1)

    async def __aexit__(self, *details: Any) -> None:
        try:
            await self._timeout.__aexit__(*details)
        except TimeoutError as error:
            if self._moved:
                raise SilentError("The model server fell silent while it was writing.") from error
            raise SilentError(
                "The model server did not begin to write: it may still be loading the model. "
                "Try again in a moment.",
                hint=f"MODEL_LOAD_SECONDS is {settings.MODEL_LOAD_SECONDS:g}.",
            ) from error


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    rest = b""
    async for data in response.content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line:
                yield line
    if rest.strip():
        yield rest


def _parse(line: bytes) -> Chunk:
    try:
        part = json.loads(line)
    except ValueError as error:
        raise BrokenStreamError(
            "The model server's answer broke off, or can't be read.", hint=repr(line[:200])
        ) from error
    if not isinstance(part, dict):
        raise BrokenStreamError("The model server's answer can't be read.", hint=repr(line[:200]))
    if "error" in part:
        raise ServerFaultError(
            "The model server failed while it was writing.", hint=str(part["error"])[:300]
        )
    text = (part.get("message") or {}).get("content") or ""
    if not part.get("done"):
        return Chunk(text)
    return Chunk(
        text,
        done=True,
        done_reason=part.get("done_reason") or "stop",
        prompt_tokens=part.get("prompt_eval_count"),
        completion_tokens=part.get("eval_count"),
    )
