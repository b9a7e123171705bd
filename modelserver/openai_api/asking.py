"""Small questions to the server, answered in JSON."""

import asyncio
import json
from typing import Any

import aiohttp
import httpx

from modelserver.connection import clients, posted, raise_for_status
from modelserver.errors import NotOllamaError, ServerBusyError, is_page, translated
from modelserver.server import Server

_AGAIN = 1.0  # seconds between two looks at a server that loads its model
_LONGEST = 16_000_000  # bytes: a long story's tokens, and some
# What a server says to a path or a field that it doesn't know.
_UNKNOWN = frozenset(
    {
        httpx.codes.BAD_REQUEST,
        httpx.codes.NOT_FOUND,
        httpx.codes.METHOD_NOT_ALLOWED,
        httpx.codes.UNPROCESSABLE_ENTITY,
        httpx.codes.NOT_IMPLEMENTED,
    }
)


async def get(server: Server, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the object at `path`, or what is answered there to a POST of `body`.

    Raises `ModelServerError`.
    """
    patience = aiohttp.ClientTimeout(total=server.load, sock_connect=server.connect)
    if body is None:
        asking: Any = clients(server).http.get(path, allow_redirects=False, timeout=patience)
    else:
        asking = posted(server, path, json=body, timeout=patience)
    with translated(server):
        async with asking as response:
            await raise_for_status(response)
            text = await _text(response)
        if is_page(text):
            raise NotOllamaError(server, "a web page")
        found = json.loads(text)
    if not isinstance(found, dict):
        raise NotOllamaError(server, "something else than an object")
    return found


async def get_if_known(
    server: Server, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return what `get` does, None where the server doesn't know the path or a field.

    A server that still loads its model is waited for. Raises `ModelServerError`.
    """
    deadline = asyncio.get_running_loop().time() + server.load
    while True:
        try:
            found = await get(server, path, body)
        except NotOllamaError:
            return None
        except ServerBusyError as error:
            late = asyncio.get_running_loop().time() + _AGAIN > deadline
            if late or "loading" not in error.hint.lower():
                raise
            await asyncio.sleep(_AGAIN)
        except Exception as error:
            status = getattr(error.__cause__, "status_code", None)
            if status not in _UNKNOWN:
                raise
            return None
        else:
            # LM Studio answers 200 to what it doesn't know.
            return None if "error" in found else found


async def _text(response: aiohttp.ClientResponse) -> str:
    data = bytearray()
    async for piece in response.content.iter_any():
        data += piece
        if len(data) > _LONGEST:
            raise aiohttp.ClientPayloadError("more than any answer has")
    return data.decode(errors="replace")
