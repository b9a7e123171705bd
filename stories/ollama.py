"""The only edge to the model server: its errors are translated here, once.

Speaks Ollama's API (docs/api.md of the project `ollama/ollama`). The address comes from the
environment and from nowhere else. Imports nothing of ours.
"""

import asyncio
import atexit
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import aiohttp
import httpx
import ollama
from django.conf import settings

CONNECT_TIMEOUT = 5.0  # seconds
# A model may have to be loaded from a slow disk before it says its first word.
FIRST_TOKEN_TIMEOUT = 300.0
NEXT_TOKEN_TIMEOUT = 60.0


class ModelServerError(Exception):
    """Something about the model server that a person has to be told.

    `code` names it for scripts, the message is a sentence for the writer, `hint` tells whoever
    runs the installation what to do.
    """

    code = "model_server"
    hint = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.hint


class UnreachableError(ModelServerError):
    """Nothing answers at the address."""

    code = "unreachable"


class ModelMissingError(ModelServerError):
    """The server does not have the model."""

    code = "model_missing"


class ServerBusyError(ModelServerError):
    """The server's own queue is full."""

    code = "server_busy"


class PromptTooLongError(ModelServerError):
    """Prompt and story don't fit into the model's context."""

    code = "prompt_too_long"


class BrokenStreamError(ModelServerError):
    """The answer ended in the middle."""

    code = "broken_stream"


class ServerFaultError(ModelServerError):
    """The server says that it failed."""

    code = "server_fault"


class PullError(ModelServerError):
    """The server can't download the model; the hint has its own words."""

    code = "pull_failed"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the answer; the last one has `done` and the counts."""

    text: str
    done: bool = False
    done_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is; `completed` and `total` are bytes of the layer under way."""

    status: str
    completed: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class _Clients:
    http: aiohttp.ClientSession
    api: ollama.AsyncClient


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, _Clients] = WeakKeyDictionary()


def _for_this_loop() -> _Clients:
    """Return the clients of the running loop; making one costs 20 ms, so each loop has one pair.

    Streams go over aiohttp, which takes a third of the client library's time for a token.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        api = ollama.AsyncClient(
            settings.OLLAMA_HOST,
            timeout=httpx.Timeout(FIRST_TOKEN_TIMEOUT, connect=CONNECT_TIMEOUT),
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


async def chat(
    model: str, messages: list[dict[str, str]], options: dict[str, Any]
) -> AsyncIterator[Chunk]:
    """Yield the model's answer as it comes; a last message of the assistant is continued.

    Closing the iterator closes the connection, and so stops the model. Raises `ModelServerError`.
    """
    body = {
        "model": model,
        "messages": messages,
        "options": options,
        # A prompt that doesn't fit is an error here, and never cut in silence.
        "truncate": False,
        "shift": False,
    }
    with _translated(model):
        async with (
            asyncio.timeout(FIRST_TOKEN_TIMEOUT) as patience,
            _for_this_loop().http.post("api/chat", json=body, allow_redirects=False) as response,
        ):
            await _raise_for_status(response)
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


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status == httpx.codes.OK:
        return
    body = (await response.read()).decode(errors="replace")
    try:
        error = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        error = body
    raise ollama.ResponseError(error[:300], response.status)


_UNREACHABLE = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    ConnectionRefusedError,
    # `ollama` raises a bare ConnectionError; a reset one is a broken stream.
)


class _translated:  # noqa: N801
    """Context that turns the libraries' errors into ours."""

    def __init__(self, model: str) -> None:
        self.model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ollama.ResponseError):
            _raise_response_error(error, self.model)
        if isinstance(error, _UNREACHABLE) or type(error) is ConnectionError:
            raise UnreachableError(
                "The model server can't be reached. Is it running?",
                hint=f"Is Ollama running at {settings.OLLAMA_HOST}?",
            ) from error
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            raise BrokenStreamError(
                "The model server stopped answering.", hint="It may be out of memory."
            ) from error
        if isinstance(error, httpx.HTTPError | aiohttp.ClientError | ValueError | AttributeError):
            raise BrokenStreamError(
                "The connection to the model server broke.", hint=str(error)[:300]
            ) from error


def _raise_response_error(error: ollama.ResponseError, model: str) -> NoReturn:
    text = error.error
    if error.status_code == httpx.codes.NOT_FOUND:
        raise ModelMissingError(
            f"The model {model} is not installed on the model server. "
            f"Whoever runs it can install it: ollama pull {model}",
            hint=text,
        ) from error
    if error.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise ServerBusyError(
            "The model server is busy. Try again in a moment.", hint=text
        ) from error
    if error.status_code == httpx.codes.BAD_REQUEST and "context" in text:
        raise PromptTooLongError(
            "The prompt and the story are longer than the model can read.", hint=text
        ) from error
    raise ServerFaultError("The model server refused the request.", hint=text) from error


@asynccontextmanager
async def _api(model: str = "") -> AsyncIterator[ollama.AsyncClient]:
    with _translated(model):
        yield _for_this_loop().api


async def context_length(model: str) -> int | None:
    """Return how many tokens `model` can read, if the server says so. Raises ModelServerError."""
    async with _api(model) as api:
        shown = await api.show(model)
    lengths = [
        value for key, value in (shown.modelinfo or {}).items() if key.endswith(".context_length")
    ]
    return int(lengths[0]) if lengths else None


async def pull(model: str) -> AsyncIterator[Progress]:
    """Let the server download `model`, and yield how far it is; ends when the model is there.

    Closing the iterator stops the download; a later one goes on where it was. Raises
    `ModelServerError`, of which `PullError` when the server can't get the model.
    """
    async with _api(model) as api:
        try:
            async with aclosing(await api.pull(model, stream=True)) as parts:  # type: ignore[type-var]
                async for part in parts:
                    yield Progress(part.status or "", part.completed, part.total)
                    if part.status == "success":
                        return
        except ollama.ResponseError as error:
            raise PullError(
                f"The model {model} can't be installed: {error.error[:300]}", hint=error.error
            ) from error
    raise BrokenStreamError("The model server ended the download in the middle.")


# ---- The server's models: what a fine-tuned one is registered with ----


class AdaptersRefusedError(ModelServerError):
    """The server takes no LoRA adapters (Ollama from 0.34.1 on): it needs the merged model."""

    code = "adapters_refused"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model on the server is asked with."""

    template: str
    parameters: dict[str, Any]


async def version() -> str:
    """Return the server's version. Raises `ModelServerError`."""
    with _translated(""):
        async with _for_this_loop().http.get("api/version", allow_redirects=False) as response:
            await _raise_for_status(response)
            return str((await response.json(content_type=None)).get("version", ""))


async def model_facts(model: str) -> ModelFacts:
    """Return the template and parameters of `model`. Raises `ModelServerError`."""
    async with _api(model) as api:
        shown = await api.show(model)
    parameters: dict[str, Any] = {}
    for line in (shown.parameters or "").splitlines():
        name, _, value = line.strip().partition(" ")
        if not name:
            continue
        try:
            parsed = json.loads(value.strip())
        except ValueError:
            parsed = value.strip()
        # A parameter that is given more than once, as `stop` is, is a list.
        if name == "stop":
            parameters.setdefault(name, []).append(parsed)
        else:
            parameters[name] = parsed
    return ModelFacts(shown.template or "", parameters)


async def upload(path: Path) -> str:
    """Upload a file as a blob; returns its digest. Raises `ModelServerError`."""
    async with _api() as api:
        return await api.create_blob(path)


async def create(model: str, request: dict[str, Any]) -> None:
    """Make `model` as `request` (the API's own fields) says, in place of one of that name.

    Raises `AdaptersRefusedError` where the server takes none, and `ModelServerError`.
    """
    fields = {("from_" if name == "from" else name): value for name, value in request.items()}
    status = None
    async with _api(model) as api:
        try:
            async for part in await api.create(model, **fields, stream=True):
                status = part.status
        except ollama.ResponseError as error:
            if error.status_code == httpx.codes.BAD_REQUEST and "adapter" in error.error.lower():
                raise AdaptersRefusedError(
                    "The model server takes no adapters.", hint=error.error
                ) from error
            raise
    if status != "success":
        raise BrokenStreamError("The model server did not finish making the model.")


async def delete(model: str) -> None:
    """Remove `model` from the server; one that is not there is no error."""
    async with _api(model) as api:
        try:
            await api.delete(model)
        except ollama.ResponseError as error:
            if error.status_code != httpx.codes.NOT_FOUND:
                raise
