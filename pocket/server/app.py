"""The HTTP side: Ollama's paths, status codes and lines."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pocket.server import answers, creation
from pocket.server.answers import Line, Models
from pocket.server.engine import Engine
from pocket.server.errors import APIError, bad_request
from pocket.server.manners import Manners
from pocket.server.metadata import Metadata
from pocket.server.shipped import Shipped
from pocket.server.store import Manifest, Store, parse_digest

_REFUSING_VERSION = "0.34.1"
CLIENT_CLOSED_REQUEST = 499  # nginx's status for it

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(
    models_folder: Path,
    shipped: Shipped,
    *,
    adapters: bool = True,
    manners: Manners | None = None,
    slots: int | None = None,
    threads: int | None = None,
) -> Starlette:
    """Return the ASGI application; `adapters`: are LoRA adapters taken, or refused?

    `slots` are those of the `manners`, unless given.
    """
    manners = manners or Manners()
    engine = Engine(slots or manners.slots, threads)
    api = _API(Models(Store(models_folder, shipped), engine, manners), adapters)
    routes: list[tuple[str, Endpoint, list[str]]] = [
        ("/", api.root, ["GET"]),
        ("/api/version", api.version, ["GET"]),
        ("/api/tags", api.tags, ["GET"]),
        ("/api/ps", api.ps, ["GET"]),
        ("/api/show", api.show, ["POST"]),
        ("/api/chat", api.chat, ["POST"]),
        ("/api/generate", api.generate, ["POST"]),
        ("/api/create", api.create, ["POST"]),
        ("/api/copy", api.copy, ["POST"]),
        ("/api/delete", api.delete, ["DELETE"]),
        ("/api/pull", api.pull, ["POST"]),
        ("/api/blobs/{digest}", api.blob, ["HEAD", "POST"]),
    ]
    return Starlette(
        routes=[Route(path, endpoint, methods=methods) for path, endpoint, methods in routes],
        exception_handlers={APIError: _answer_error},
        # A page that resolves its own name to this machine must not reach the models.
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
        ],
    )


async def _answer_error(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, APIError) else 500
    return JSONResponse({"error": str(error)}, status)


class _API:
    def __init__(self, models: Models, adapters: bool) -> None:
        self.models, self.adapters = models, adapters

    async def root(self, request: Request) -> Response:
        return PlainTextResponse("Ollama is running")

    async def version(self, request: Request) -> Response:
        # `server` is ours: the page says which one writes.
        version = self.models.manners.version if self.adapters else _REFUSING_VERSION
        return JSONResponse({"version": version, "server": "pocket"})

    async def chat(self, request: Request) -> Response:
        body = await _body(request)
        return await _unless_left(request, _answer(answers.chat, self.models, body))

    async def generate(self, request: Request) -> Response:
        body = await _body(request)
        return await _unless_left(request, _answer(answers.generate, self.models, body))

    async def tags(self, request: Request) -> Response:
        return JSONResponse({"models": [self._entry(model) for model in self.models.store.all()]})

    async def ps(self, request: Request) -> Response:
        # A model that is being loaded holds the engine's lock.
        in_memory = await asyncio.to_thread(self.models.engine.loaded)
        # Two names may be of one file, with the same adapters or others.
        names = [(self.models.store.files(model), model) for model in self.models.store.all()]
        now, clock = datetime.now(UTC), time.monotonic()
        return JSONResponse(
            {
                "models": [
                    {
                        **self._entry(model),
                        "expires_at": (
                            now + timedelta(seconds=loaded.expires_at - clock)
                        ).isoformat(),
                        "size_vram": 0,
                        "context_length": loaded.weights.context,
                    }
                    for loaded in in_memory
                    for files, model in names
                    if files == (loaded.weights.model, *loaded.weights.adapters)
                ]
            }
        )

    async def show(self, request: Request) -> Response:
        body = await _body(request)
        manifest = self.models.store.get(body.get("model") or body.get("name"))
        metadata = self.models.metadata(manifest)
        template = self.models.manners.shown_template(manifest, metadata.chat_template)
        return JSONResponse(
            {
                "modelfile": _modelfile(manifest, template),
                "parameters": "\n".join(_parameter_lines(manifest)),
                "template": template,
                "system": manifest.system,
                "details": _details(manifest, metadata),
                "model_info": {
                    **metadata.values,
                    "general.parameter_count": metadata.parameters,
                    f"{metadata.architecture}.context_length": self.models.context_length(manifest),
                },
                "capabilities": ["completion"],
                "modified_at": manifest.modified_at,
            }
        )

    async def create(self, request: Request) -> Response:
        body = await _body(request)
        streams = body.get("stream", True)
        try:
            lines = creation.create(self.models, body, adapters=self.adapters)
        except APIError as error:
            if not (streams and self._fails_late(body)):
                raise
            lines = iter([{"status": "parsing GGUF"}, {"error": str(error)}])
        if streams:
            return StreamingResponse(
                (_line(line) for line in lines), media_type="application/x-ndjson"
            )
        return JSONResponse(list(lines)[-1])

    def _fails_late(self, body: Line) -> bool:
        # What can be said before a file or another model is looked at has its status.
        looks = any(body.get(name) for name in ("files", "adapters", "from"))
        return self.models.manners.fails_late and looks

    async def copy(self, request: Request) -> Response:
        body = await _body(request)
        self.models.store.copy(body.get("source"), body.get("destination"))
        return Response(status_code=200)

    async def delete(self, request: Request) -> Response:
        body = await _body(request)
        manifest = self.models.store.get(body.get("model") or body.get("name"))
        self.models.store.delete(manifest.name)
        for digest in (manifest.model, *manifest.adapters):
            if self.models.store.is_blob(digest) and not self.models.store.has_blob(digest):
                self.models.engine.forget(self.models.store.blob_path(digest))
        return Response(status_code=200)

    async def pull(self, request: Request) -> Response:
        body = await _body(request)
        error = bad_request(
            "pocket can't download models: install Ollama to use others, "
            "or create one from a file of yours"
        )
        if not (body.get("stream", True) and self.models.manners.fails_late):
            raise error
        lines = [{"status": "pulling manifest"}, {"error": str(error)}]
        return StreamingResponse((_line(line) for line in lines), media_type="application/x-ndjson")

    async def blob(self, request: Request) -> Response:
        digest = parse_digest(request.path_params["digest"])
        if request.method == "HEAD":
            return Response(status_code=200 if self.models.store.has_blob(digest) else 404)
        new = await self.models.store.receive_blob(digest, request.stream())
        return Response(status_code=201 if new else 200)

    def _entry(self, manifest: Manifest) -> Line:
        files = self.models.store.files(manifest)
        return {
            "name": manifest.name,
            "model": manifest.name,
            "modified_at": manifest.modified_at,
            "size": sum(path.stat().st_size for path in files),
            "digest": self.models.store.digest_of(manifest),
            "details": _details(manifest, self.models.metadata(manifest)),
        }


async def _body(request: Request) -> Line:
    """Return the request's JSON object; its content type does not matter, as in Ollama."""
    data = await request.body()
    if not data:
        raise bad_request("missing request body")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"invalid JSON: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("the request has to be a JSON object")
    return body


async def _answer(
    method: Callable[[Models, Line], AsyncIterator[Line]], models: Models, body: Line
) -> Response:
    lines = method(models, body)
    if body.get("stream", True) is False:
        return JSONResponse(await _joined(lines))
    # The first line decides the status code.
    first = await anext(lines)
    return StreamingResponse(_stream(first, lines), media_type="application/x-ndjson")


async def _unless_left(request: Request, answer: Coroutine[Any, Any, Response]) -> Response:
    """Return `answer`, given up as soon as the client closes the connection."""
    work = asyncio.ensure_future(answer)
    left = asyncio.ensure_future(_until_left(request))
    try:
        await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            return Response(status_code=CLIENT_CLOSED_REQUEST)  # nobody reads it
        return work.result()
    finally:
        for task in (work, left):
            task.cancel()
        await asyncio.gather(work, left, return_exceptions=True)


async def _until_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _stream(first: Line, lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    """Yield the lines as bytes; closing this, as a lost connection does, stops the model."""
    async with aclosing(lines) as rest:  # type: ignore[type-var]
        yield _line(first)
        try:
            async for line in rest:
                yield _line(line)
        except APIError as error:
            yield _line({"error": str(error)})


async def _joined(lines: AsyncIterator[Line]) -> Line:
    """Return the last line with the text of all of them; cancelling it stops the model."""
    text, last = "", {}
    async with aclosing(lines) as all_lines:  # type: ignore[type-var]
        async for line in all_lines:
            last = line
            text += line["response"] if "response" in line else line["message"]["content"]
    if "response" in last:
        return {**last, "response": text}
    return {**last, "message": {"role": "assistant", "content": text}}


def _line(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _details(manifest: Manifest, metadata: Metadata) -> Line:
    return {
        "parent_model": manifest.parent,
        "format": "gguf",
        "family": metadata.architecture,
        "families": [metadata.architecture],
        "parameter_size": f"{metadata.parameters / 1e6:.1f}M",
        "quantization_level": "F16",
    }


def _parameter_lines(manifest: Manifest) -> Iterator[str]:
    for name, value in manifest.parameters.items():
        for one in value if isinstance(value, list) else [value]:
            yield f"{name} {json.dumps(one)}"


def _modelfile(manifest: Manifest, template: str) -> str:
    lines = [f"FROM {manifest.parent or manifest.name}", f'TEMPLATE """{template}"""']
    lines += [f"PARAMETER {line}" for line in _parameter_lines(manifest)]
    if manifest.system:
        lines.append(f'SYSTEM """{manifest.system}"""')
    return "\n".join(lines) + "\n"
