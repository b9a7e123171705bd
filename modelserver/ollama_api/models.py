"""The models of the server: what they are, downloading one, and registering one of ours."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from modelserver import names
from modelserver.connection import api_client, clients, raise_for_status
from modelserver.errors import (
    AdaptersRefusedError,
    BrokenStreamError,
    ModelMissingError,
    NotOllamaError,
    NotPossibleError,
    PullError,
    is_page,
    translated,
    what_it_says,
)
from modelserver.facts import About, Installed, ModelFacts, Progress
from modelserver.ollama_library import ollama
from modelserver.sayings import said
from modelserver.server import Server

# A refusal by its status, or as a line inside an answer that began as a good one.
_REFUSALS = (httpx.codes.BAD_REQUEST, -1)
# More than anybody chooses from, and a name than any model has; a server can say what it likes.
_MOST_LISTED, _LONGEST_NAME = 200, 200
# Of models that make no text, but numbers of one.
_NO_WRITERS = ("bert", "embed")
_BILLIONS = {"K": 1e-6, "M": 1e-3, "B": 1.0, "T": 1e3}
_COUNT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([KMBT])")


async def pull(server: Server, model: str) -> AsyncIterator[Progress]:
    """Let the server download `model`, and yield how far it is; ends when the model is there.

    Closing the iterator stops the download; a later one goes on where it was. Raises
    `ModelServerError`, of which `PullError` when the server can't get the model.
    """
    async with api_client(server, model) as api:
        try:
            async with aclosing(await api.pull(model, stream=True)) as parts:  # type: ignore[type-var]
                async for part in parts:
                    yield Progress(part.status or "", part.completed, part.total)
                    if part.status == "success":
                        return
        except ollama.ResponseError as error:
            text = what_it_says(error.error)
            refused = error.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
            if refused or is_page(text):
                raise  # that was no word on the model
            raise PullError(
                said("The model %(model)s can't be installed: %(text)s", model=model, text=text),
                hint=text,
            ) from error
    raise BrokenStreamError(said("The model server ended the download in the middle."))


async def about(server: Server) -> About:
    """Return what the server says of itself. Raises `ModelServerError`."""
    patience = aiohttp.ClientTimeout(total=server.load, sock_connect=server.connect)
    with translated(server):
        async with clients(server).http.get(
            "api/version", allow_redirects=False, timeout=patience
        ) as response:
            await raise_for_status(response)
            told = json.loads(await response.read())
    if not (isinstance(told, dict) and "version" in told):
        raise NotOllamaError(server, "no version")
    return About(str(told["version"]), is_pocket=told.get("server") == "pocket")


async def digest(server: Server, model: str) -> str:
    """Return the digest of `model`, which changes when another one is pulled under its name.

    It is "" for a model that the server does not list. Raises `ModelServerError`.
    """
    async with api_client(server, model) as api:
        listed = (await api.list()).models
    found = (entry.digest for entry in listed if names.same(entry.model or "", model))
    return next(found, None) or ""


async def installed(server: Server) -> list[Installed]:
    """Return the models that the server itself can write with, by name.

    Left out are those that only measure texts, and those whose work is done elsewhere: what is
    written must not leave. Raises `ModelServerError`, soon also of a server that says nothing.
    """
    async with api_client(server) as api:
        listed, loaded = (await api.list()).models, (await api.ps()).models
    running = {names.parse(each.model or "") for each in loaded}
    found = [
        Installed(
            name=each.model.removesuffix(":latest"),
            size=int(each.size or 0),
            billions=_billions(each.details.parameter_size if each.details else None),
            is_loaded=names.parse(each.model) in running,
        )
        for each in listed[:_MOST_LISTED]
        if each.model
        and len(each.model) <= _LONGEST_NAME
        and _writes_here(each.model, each.details)
    ]
    return sorted(found, key=lambda model: model.name.lower())


def _writes_here(model: str, details: Any) -> bool:
    kinds = [model, *((details.families or [details.family or ""]) if details else ())]
    if any(sign in kind.lower() for kind in kinds for sign in _NO_WRITERS):
        return False
    return not names.parse(model).tag.endswith("cloud")


def _billions(count: str | None) -> float | None:
    """Return the number of a text such as "3.2B" or "134.5M"."""
    found = _COUNT.fullmatch((count or "").strip().upper())
    return float(found[1]) * _BILLIONS[found[2]] if found else None


async def model_facts(server: Server, model: str) -> ModelFacts:
    """Return the template and parameters of `model`. Raises `ModelServerError`."""
    async with api_client(server, model) as api:
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


async def upload(server: Server, path: Path) -> str:
    """Upload a file as a blob, unless the server has it; returns its digest.

    Raises `ModelServerError`.
    """
    name = await asyncio.to_thread(_digest_of, path)
    with translated(server):
        # A server that has it answers at once and closes the connection on whoever still sends.
        if not await _has_blob(server, name):
            try:
                await _send_blob(server, name, path)
            except (aiohttp.ClientError, ConnectionError):
                # Somebody else's copy may have come first.
                if not await _has_blob(server, name):
                    raise
    return name


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


async def _has_blob(server: Server, name: str) -> bool:
    patience = aiohttp.ClientTimeout(total=server.load, sock_connect=server.connect)
    async with clients(server).http.head(
        f"api/blobs/{name}", allow_redirects=False, timeout=patience
    ) as response:
        return response.status == httpx.codes.OK


async def _send_blob(server: Server, name: str, path: Path) -> None:
    # No limit for the whole: files are gigabytes.
    patience = aiohttp.ClientTimeout(sock_read=server.load, sock_connect=server.connect)
    with path.open("rb") as file:
        async with clients(server).http.post(
            f"api/blobs/{name}", data=file, allow_redirects=False, timeout=patience
        ) as response:
            if response.status != httpx.codes.CREATED:
                await raise_for_status(response)
            await response.read()


async def create(server: Server, model: str, request: dict[str, Any]) -> None:
    """Make `model` as `request` (the API's own fields) says, in place of one of that name.

    Raises `AdaptersRefusedError` where the server takes none, and `ModelServerError`.
    """
    fields = {("from_" if name == "from" else name): value for name, value in request.items()}
    status = None
    async with api_client(server, model) as api:
        try:
            async for part in await api.create(model, **fields, stream=True):
                status = part.status
        except ollama.ResponseError as error:
            text = what_it_says(error.error)
            if error.status_code in _REFUSALS and "adapter" in text.lower():
                raise AdaptersRefusedError(
                    said("The model server takes no adapters."), hint=text
                ) from error
            raise
    if status != "success":
        raise BrokenStreamError(said("The model server did not finish making the model."))


async def delete(server: Server, model: str) -> None:
    """Remove `model` from the server; one that is not there is no error."""
    with suppress(ModelMissingError):
        async with api_client(server, model) as api:
            await api.delete(model)


async def attach(server: Server, model: str, folder: Path, gguf: Path) -> None:
    """Raise `NotPossibleError`: here a model is made with its adapter, by `create`."""
    raise NotPossibleError(said("Ollama takes an adapter as a part of a model."))
