"""Chat and generate: from a checked request to the lines of the answer."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pocket.server import options, prompts
from pocket.server.engine import ContextOverflowError, Engine, Loaded, Piece, Weights
from pocket.server.errors import bad_request
from pocket.server.metadata import Metadata, read_metadata
from pocket.server.store import Manifest, Store

_UNSUPPORTED = ("tools", "format", "think", "images", "suffix", "logprobs")

Line = dict[str, Any]


@dataclass
class Models:
    """The models that the answers come from."""

    store: Store
    engine: Engine

    def metadata(self, manifest: Manifest) -> Metadata:
        """Return what the model's file says."""
        return read_metadata(self.store.model_path(manifest))

    async def load(self, manifest: Manifest, chosen: dict[str, Any]) -> Loaded:
        """Return the model, loaded with the context that `chosen` options ask for."""
        context = options.context_size(chosen, self.metadata(manifest).context_length)
        adapters = tuple(self.store.blob_path(digest) for digest in manifest.adapters)
        return await self.engine.load(Weights(self.store.model_path(manifest), adapters, context))


async def chat(models: Models, body: Line) -> AsyncIterator[Line]:
    """Yield the lines of `/api/chat`."""
    manifest, chosen = _read(models, body)
    messages = prompts.check_messages(body.get("messages"))
    loaded = await models.load(manifest, chosen)

    def shape(text: str) -> Line:
        return {"message": {"role": "assistant", "content": text}}

    if not messages:
        yield _load_line(manifest, shape)
        return
    template = models.metadata(manifest).chat_template
    messages = prompts.with_system(messages, manifest.system)
    answer = _Answer(models.engine, loaded, manifest.name, shape)
    while True:
        try:
            async for line in answer.lines(prompts.render(template, messages), chosen):
                yield line
        except ContextOverflowError as error:
            shorter = prompts.without_oldest(messages)
            if body.get("truncate", True) is False or shorter is None:
                raise bad_request(str(error)) from error
            messages = shorter
        else:
            return


async def generate(models: Models, body: Line) -> AsyncIterator[Line]:
    """Yield the lines of `/api/generate`."""
    manifest, chosen = _read(models, body)
    prompt, system = body.get("prompt", ""), body.get("system", manifest.system)
    if not isinstance(prompt, str) or not isinstance(system, str):
        raise bad_request("prompt and system have to be texts")
    loaded = await models.load(manifest, chosen)

    def shape(text: str) -> Line:
        return {"response": text}

    if not prompt:
        yield _load_line(manifest, shape)
        return
    if not body.get("raw"):
        messages = prompts.with_system([{"role": "user", "content": prompt}], system)
        prompt = prompts.render(models.metadata(manifest).chat_template, messages)
    answer = _Answer(models.engine, loaded, manifest.name, shape)
    try:
        async for line in answer.lines(prompt, chosen):
            yield line
    except ContextOverflowError as error:
        raise bad_request(str(error)) from error


def _read(models: Models, body: Line) -> tuple[Manifest, dict[str, Any]]:
    manifest = models.store.get(body.get("model"))
    for name in _UNSUPPORTED:
        if body.get(name):
            raise bad_request(f"{body['model']} does not support {name}")
    return manifest, {**manifest.parameters, **options.check_options(body.get("options"))}


@dataclass
class _Answer:
    engine: Engine
    loaded: Loaded
    name: str
    shape: Callable[[str], Line]

    async def lines(self, prompt: str, chosen: dict[str, Any]) -> AsyncIterator[Line]:
        started = time.monotonic_ns()
        request = {"prompt": prompt, **options.sampling(chosen), "cache_prompt": True}
        async with aclosing(self.engine.generate(self.loaded, request)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                if piece.text:
                    yield {**_head(self.name), **self.shape(piece.text), "done": False}
                if piece.done_reason:
                    yield {
                        **_head(self.name),
                        **self.shape(""),
                        **_counts(piece, time.monotonic_ns() - started),
                    }


def _load_line(manifest: Manifest, shape: Callable[[str], Line]) -> Line:
    return {**_head(manifest.name), **shape(""), "done": True, "done_reason": "load"}


def _head(name: str) -> Line:
    return {
        "model": name.removesuffix(":latest"),
        "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }


def _counts(piece: Piece, total: int) -> Line:
    timings = piece.timings
    return {
        "done": True,
        "done_reason": piece.done_reason,
        "total_duration": total,
        "load_duration": 0,
        # What is in the cache counts as read.
        "prompt_eval_count": int(timings.get("prompt_n", 0) + timings.get("cache_n", 0)),
        "prompt_eval_duration": int(timings.get("prompt_ms", 0) * 1e6),
        "eval_count": int(timings.get("predicted_n", 0)),
        "eval_duration": int(timings.get("predicted_ms", 0) * 1e6),
    }
