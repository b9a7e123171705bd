"""Stories from the model: a chat, answered in pieces."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from stories.ollama.connection import FIRST_TOKEN_TIMEOUT, clients_of_this_loop, raise_for_status
from stories.ollama.errors import BrokenStreamError, ServerFaultError, translated

NEXT_TOKEN_TIMEOUT = 60.0  # seconds


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
            asyncio.timeout(FIRST_TOKEN_TIMEOUT) as patience,
            clients_of_this_loop().http.post(
                "api/chat", json=body, allow_redirects=False
            ) as response,
        ):
            await raise_for_status(response)
            loop = asyncio.get_running_loop()
            moved = 0.0
            async for line in _lines(response):
                chunk = _parse(line)
                # Moving a timer for each token would cost as much as reading it.
                if (now := loop.time()) - moved > 1:
                    moved = now
                    patience.reschedule(now + NEXT_TOKEN_TIMEOUT)
                yield chunk
                if chunk.done:
                    return
    raise BrokenStreamError("The model server ended its answer in the middle.")


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
    part = json.loads(line)
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
