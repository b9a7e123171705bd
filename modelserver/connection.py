"""The connections to the model server: one pair of clients for each event loop."""

import asyncio
import atexit
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import aiohttp
import httpx
import ollama
from django.conf import settings

from modelserver.errors import translated

CONNECT_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True)
class _Clients:
    http: aiohttp.ClientSession
    api: ollama.AsyncClient


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, _Clients] = WeakKeyDictionary()


def clients_of_this_loop() -> _Clients:
    """Return the clients of the running loop; making one costs 20 ms, so each loop has one pair.

    Streams go over aiohttp, which takes a third of the client library's time for a token.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        api = ollama.AsyncClient(
            settings.OLLAMA_HOST,
            timeout=httpx.Timeout(settings.MODEL_LOAD_SECONDS, connect=CONNECT_TIMEOUT),
            trust_env=False,
            follow_redirects=False,
        )
        http = aiohttp.ClientSession(
            str(api._client.base_url),
            # The model server has its own queue: no second one here.
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
        )
        _clients[loop] = _Clients(http, api)
    return _clients[loop]


async def close() -> None:
    """Close the running loop's connections, if it has any."""
    clients = _clients.pop(asyncio.get_running_loop(), None)
    if clients is not None:
        await clients.http.close()
        await clients.api._client.aclose()


@atexit.register
def _close_all() -> None:
    """Close the connections of loops that ended without `close`, as daphne's does."""
    for loop in list(_clients):
        if not (loop.is_running() or loop.is_closed()):
            loop.run_until_complete(close())


@asynccontextmanager
async def api_client(model: str = "") -> AsyncIterator[ollama.AsyncClient]:
    """Yield the library's client; its errors come out as `ModelServerError`."""
    with translated(model):
        yield clients_of_this_loop().api


async def raise_for_status(response: aiohttp.ClientResponse) -> None:
    """Raise what the library's client would for an answer that is not 200."""
    if response.status == httpx.codes.OK:
        return
    body = (await response.read()).decode(errors="replace")
    try:
        error = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        error = body
    raise ollama.ResponseError(error[:300], response.status)
