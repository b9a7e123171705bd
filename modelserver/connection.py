"""The connections to the model server: one session for each event loop and server.

Streams are read from it as they are; the library `ollama` asks everything else through it. So
there is one set of headers, one TLS context and one kind of error, and the token stream costs a
third of the library's time for a token.
"""

import asyncio
import atexit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

import tracing
from modelserver.errors import translated, what_it_says
from modelserver.ollama_library import ollama
from modelserver.server import REQUEST_ID, Server

_STALE = 3  # connections that may have been closed meanwhile, one after the other


@dataclass(frozen=True)
class Clients:
    """The session, and the library's client on top of it."""

    http: aiohttp.ClientSession
    api: ollama.AsyncClient


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Server, Clients]] = WeakKeyDictionary()


def clients(server: Server) -> Clients:
    """Return the running loop's clients of `server`; they are made once."""
    known = _clients.setdefault(asyncio.get_running_loop(), {})
    if server not in known:
        known[server] = _connect(server)
    return known[server]


def _connect(server: Server) -> Clients:
    tls = server.tls()
    http = aiohttp.ClientSession(
        f"{server.url}/",
        headers=server.headers(),
        # The model server has its own queue: no second one here.
        connector=aiohttp.TCPConnector(limit=0, ssl=tls),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=server.connect),
        trust_env=False,
        trace_configs=tracing.outgoing(),
    )
    api = ollama.AsyncClient(
        server.url,
        transport=AiohttpTransport(verify=tls, client=http),
        auth=_leave_to_session,
        timeout=httpx.Timeout(server.load, connect=server.connect),
        trust_env=False,
        follow_redirects=False,
    )
    return Clients(http, api)


def _leave_to_session(request: httpx.Request) -> httpx.Request:
    """Take out the key that the library reads from the environment by itself."""
    request.headers.pop("Authorization", None)
    return request


async def close() -> None:
    """Close the running loop's connections, if it has any."""
    for known in _clients.pop(asyncio.get_running_loop(), {}).values():
        await known.http.close()


@atexit.register
def _close_all() -> None:
    """Close the connections of loops that ended without `close`, as daphne's does."""
    for loop in list(_clients):
        if not (loop.is_running() or loop.is_closed()):
            loop.run_until_complete(close())


@asynccontextmanager
async def api_client(server: Server, model: str = "") -> AsyncIterator[ollama.AsyncClient]:
    """Yield the library's client; its errors come out as `ModelServerError`."""
    with translated(server, model):
        yield clients(server).api


@asynccontextmanager
async def posted(server: Server, path: str, **fields: Any) -> AsyncIterator[aiohttp.ClientResponse]:
    """Yield the answer to a POST.

    It is sent again where the server had just closed the idle connection that it went out on, as
    llama.cpp's does: nothing was heard of it then.
    """
    if request_id := REQUEST_ID.get():
        fields["headers"] = {**fields.get("headers", {}), "X-Request-ID": request_id}
    for attempt in range(_STALE + 1):
        try:
            response = await clients(server).http.post(path, allow_redirects=False, **fields)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if attempt == _STALE or isinstance(error, aiohttp.ClientConnectorError):
                raise
        else:
            break
    async with response:
        yield response


async def raise_for_status(response: aiohttp.ClientResponse) -> None:
    """Raise what the library's client would for an answer that is not 200."""
    if response.status == httpx.codes.OK:
        return
    body = (await response.read()).decode(errors="replace")
    error = ollama.ResponseError("", response.status)
    told = what_it_says(body)
    if (wait := response.headers.get("Retry-After", ""))[:9].isdigit():
        told = f"{told} It asks to wait {wait[:9]} seconds."
    error.error = told  # the library reads what it is made with as JSON, of any kind
    raise error
