"""Chat and generate: from a checked request to the lines of the answer."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pocket.server import options, prompts
from pocket.server.engine import ContextOverflowError, Engine, Loaded, Piece, Weights
from pocket.server.errors import APIError, bad_request
from pocket.server.manners import Manners
from pocket.server.metadata import Metadata, read_metadata
from pocket.server.store import Manifest, Store

_UNSUPPORTED = ("tools", "format", "think", "images", "suffix", "logprobs")

Line = dict[str, Any]


@dataclass
class Models:
    """The models that the answers come from."""

    store: Store
    engine: Engine
    manners: Manners = field(default_factory=Manners)

    def metadata(self, manifest: Manifest) -> Metadata:
        """Return what the model's file says."""
        return read_metadata(self.store.model_path(manifest))

    def context_length(self, manifest: Manifest) -> int:
        """Return the tokens of the longest text that it, or what edits for it, goes on from."""
        both = (manifest, self.store.editor_of(manifest))
        return max(self.metadata(each).context_length for each in both)

    async def load(self, manifest: Manifest, chosen: dict[str, Any], keep_alive: object) -> Loaded:
        """Return the model, loaded with the context that `chosen` options ask for."""
        keep = options.keep_seconds(keep_alive, self.manners.keep)
        context = options.context_size(chosen, self.metadata(manifest).context_length)
        if not keep and manifest.editor:
            self.engine.unload(self.store.files(self.store.editor_of(manifest)))
        model, *adapters = self.store.files(manifest)
        weights = Weights(model, tuple(adapters), context)
        return await self.engine.load(weights, keep)


async def chat(models: Models, body: Line) -> AsyncIterator[Line]:
    """Yield the lines of `/api/chat`."""
    messages = prompts.check_messages(body.get("messages"))
    manifest, chosen = _read(
        models, body, edits=bool(messages) and not prompts.asks_for_story(messages)
    )
    loaded = await models.load(manifest, chosen, body.get("keep_alive"))

    def shape(text: str) -> Line:
        return {"message": {"role": "assistant", "content": text}}

    if not messages:
        yield _load_line(manifest, shape)
        return
    template, is_open = models.metadata(manifest).chat_template, models.manners.is_open(manifest)
    messages = prompts.with_system(messages, manifest.system)
    if body.get("_debug_render_only"):
        rendered = {"rendered_template": prompts.render(template, messages, is_open=is_open)}
        yield {**_head(manifest.name), **shape(""), "done": False, "_debug_info": rendered}
        return
    answer = _Answer(models, loaded, manifest, shape)
    if messages[-1]["role"] == "assistant" and models.manners.is_echoed(manifest):
        answer.echo = messages[-1]["content"]
    while True:
        try:
            prompt = prompts.render(template, messages, is_open=is_open)
            async for line in answer.lines(prompt, chosen):
                yield line
        except ContextOverflowError as error:
            shorter = prompts.without_oldest(messages)
            if body.get("truncate", True) is False or shorter is None:
                raise _overflow(models.manners, error) from error
            messages = shorter
        else:
            return


async def generate(models: Models, body: Line) -> AsyncIterator[Line]:
    """Yield the lines of `/api/generate`."""
    prompt, raw = body.get("prompt", ""), bool(body.get("raw"))
    edits = isinstance(prompt, str) and prompts.is_for_editor(prompt, raw=raw)
    manifest, chosen = _read(models, body, edits=edits)
    system = body.get("system", manifest.system)
    if not isinstance(prompt, str) or not isinstance(system, str):
        raise bad_request("prompt and system have to be texts")
    loaded = await models.load(manifest, chosen, body.get("keep_alive"))

    def shape(text: str) -> Line:
        return {"response": text}

    if not prompt:
        yield _load_line(manifest, shape)
        return
    if not raw:
        messages = prompts.with_system([{"role": "user", "content": prompt}], system)
        prompt = prompts.render(models.metadata(manifest).chat_template, messages)
    answer = _Answer(models, loaded, manifest, shape)
    try:
        async for line in answer.lines(prompt, chosen):
            yield line
    except ContextOverflowError as error:
        raise _overflow(models.manners, error) from error


def _overflow(manners: Manners, error: ContextOverflowError) -> APIError:
    if not manners.nests_errors:
        return bad_request(str(error))
    inner = {
        "code": 400,
        "message": f"request ({error.prompt_tokens} tokens) exceeds the available context size "
        f"({error.context} tokens), try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": error.prompt_tokens,
        "n_ctx": error.context,
    }
    return bad_request(json.dumps({"error": inner}))


def _read(models: Models, body: Line, *, edits: bool = False) -> tuple[Manifest, dict[str, Any]]:
    """Return the model that is asked, or what `edits` for it, under its name; and the options."""
    manifest = models.store.get(body.get("model"))
    if edits:
        manifest = replace(models.store.editor_of(manifest), name=manifest.name)
    for name in _UNSUPPORTED:
        if body.get(name):
            raise bad_request(f"{body['model']} does not support {name}")
    chosen = {**manifest.parameters, **options.check_options(body.get("options"))}
    ignored = models.manners.ignored
    return manifest, {name: value for name, value in chosen.items() if name not in ignored}


@dataclass
class _Answer:
    models: Models
    loaded: Loaded
    manifest: Manifest
    shape: Callable[[str], Line]
    echo: str = ""  # what stands in front of it

    async def lines(self, prompt: str, chosen: dict[str, Any]) -> AsyncIterator[Line]:
        """Yield the lines; the last one is missing where the manners want it so."""
        started, name = time.monotonic_ns(), self.manifest.name
        request = {"prompt": prompt, **options.sampling(chosen), "cache_prompt": True}
        last, repeated, most = "", 0, self.models.manners.repeats(self.manifest)
        pieces = self.models.engine.generate(self.loaded, request)
        async with aclosing(pieces) as all_pieces:  # type: ignore[type-var]
            async for piece in all_pieces:
                text = piece.text.strip()
                last, repeated = text, repeated + 1 if text == last else 0
                if most is not None and repeated > most:
                    return
                if piece.text or (piece.done_reason and self.echo):
                    shown, self.echo = self.echo + piece.text, ""
                    yield {**_head(name), **self.shape(shown), "done": False}
                if piece.done_reason:
                    yield {
                        **_head(name),
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
