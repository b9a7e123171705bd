"""Loaded models, and text out of them.

llama.cpp's server runs in this process and batches its requests over slots; a request of ours
occupies a thread, whose pieces are handed to the event loop.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xllamacpp

from pocket.server.errors import APIError

MAX_LOADED = 3
_MAX_REQUESTS = 64  # threads; more wait
# MiB of memory for what a model has read, to go on from it; llama.cpp's default is 8,192.
_READ_PROMPTS = 256
_SMALL, _MOST_THREADS = 50_000_000, 8  # bytes
_CONTEXT_ERROR = "exceed_context_size_error"


class ContextOverflowError(Exception):
    """The prompt has more tokens than the context."""

    def __init__(self, prompt_tokens: int, context: int) -> None:
        super().__init__(
            f"the prompt has {prompt_tokens} tokens, which exceeds the context of {context}"
        )
        self.prompt_tokens, self.context = prompt_tokens, context


@dataclass(frozen=True)
class Piece:
    """A piece of text; the last one has the reason and the counts."""

    text: str
    done_reason: str = ""
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Weights:
    """What has to be loaded: two equal ones are the same model in memory."""

    model: Path
    adapters: tuple[Path, ...]
    context: int


@dataclass
class Loaded:
    """A model in memory."""

    server: Any
    weights: Weights
    size: int  # bytes on disk
    load_seconds: float
    used_at: float  # of the process's clock, as `expires_at`
    expires_at: float


class Engine:
    """Up to `MAX_LOADED` models in memory, each with `slots` requests at a time."""

    def __init__(self, slots: int, threads: int | None = None) -> None:
        self._slots, self._threads = slots, threads
        self._loaded: dict[Weights, Loaded] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_MAX_REQUESTS, thread_name_prefix="generate")

    def loaded(self) -> list[Loaded]:
        """Return the models in memory."""
        with self._lock:
            self._drop_expired()
            return list(self._loaded.values())

    def _drop_expired(self) -> None:
        # Where anybody looks; a timer would free the memory no sooner for who needs it.
        now = time.monotonic()
        for weights in [w for w, one in self._loaded.items() if one.expires_at < now]:
            del self._loaded[weights]

    def forget(self, path: Path) -> None:
        """Unload what was loaded from `path`."""
        with self._lock:
            for weights in [w for w in self._loaded if path in (w.model, *w.adapters)]:
                del self._loaded[weights]

    def unload(self, files: tuple[Path, ...]) -> None:
        """Unload the model that is in these files, with its adapters behind it."""
        with self._lock:
            for weights in [w for w in self._loaded if (w.model, *w.adapters) == files]:
                del self._loaded[weights]

    async def load(self, weights: Weights, keep: float = 86_400.0) -> Loaded:
        """Return the model in memory, loading it if it is not; it stays for `keep` seconds."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._load, weights, keep)

    def _load(self, weights: Weights, keep: float) -> Loaded:
        with self._lock:
            self._drop_expired()
            if (found := self._loaded.get(weights)) is not None:
                found.used_at = time.monotonic()
                found.expires_at = found.used_at + keep
                return found
            # Another context of the same model takes its place, as in Ollama.
            for other in [w for w in self._loaded if w.model == weights.model
                          and w.adapters == weights.adapters]:  # fmt: skip
                del self._loaded[other]
            while len(self._loaded) >= MAX_LOADED:
                del self._loaded[min(self._loaded, key=lambda w: self._loaded[w].used_at)]
            started = time.monotonic()
            try:
                server = xllamacpp.Server(self._parameters(weights))
            except RuntimeError as error:
                raise APIError(500, f"the model can't be loaded: {error}") from error
            now = time.monotonic()
            size = sum(path.stat().st_size for path in (weights.model, *weights.adapters))
            loaded = Loaded(server, weights, size, now - started, now, now + keep)
            self._loaded[weights] = loaded
            return loaded

    def _parameters(self, weights: Weights) -> Any:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(weights.model)
        parameters.n_parallel = self._slots
        parameters.n_ctx = weights.context * self._slots
        parameters.kv_unified = False
        parameters.ctx_shift = False
        parameters.cache_ram_mib = _READ_PROMPTS
        parameters.warmup = False
        parameters.endpoint_metrics = True
        parameters.cpuparams.n_threads = self._threads or threads_for(weights.model)
        parameters.verbosity = -1
        parameters.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(str(path), 1.0) for path in weights.adapters
        ]
        return parameters

    async def generate(self, loaded: Loaded, request: dict[str, Any]) -> AsyncIterator[Piece]:
        """Yield the completion of `request["prompt"]`; closing the iterator stops the model.

        Raises `ContextOverflowError` before the first piece, or `APIError`.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        stopped = threading.Event()

        def take(chunk: dict[str, Any]) -> bool:
            if not stopped.is_set():
                loop.call_soon_threadsafe(queue.put_nowait, chunk)
            return stopped.is_set()

        def work() -> None:
            try:
                answer = loaded.server.handle_completions({**request, "stream": True}, take)
                if isinstance(answer, dict):
                    take(answer)
            except RuntimeError as error:
                take({"error": {"message": str(error), "code": 500}})
            finally:
                if not stopped.is_set():
                    loop.call_soon_threadsafe(queue.put_nowait, None)

        self._pool.submit(work)
        try:
            while (chunk := await queue.get()) is not None:
                yield _piece(chunk)
        finally:
            stopped.set()


def threads_for(model: Path) -> int:
    """Return how many threads a model is computed by."""
    # Threads wait for each other at every layer. With a model so small, more are no faster; with
    # any, as many as there are cores starve as soon as something else wants one: on two busy cores
    # SmolLM2 writes 2 tokens a second by two threads, and 32 by one.
    cores = os.cpu_count() or 1
    return 1 if model.stat().st_size < _SMALL else max(1, min(_MOST_THREADS, cores - 1))


def _piece(chunk: dict[str, Any]) -> Piece:
    if error := chunk.get("error"):
        if error.get("type") == _CONTEXT_ERROR:
            raise ContextOverflowError(error["n_prompt_tokens"], error["n_ctx"])
        raise APIError(int(error.get("code", 500)), str(error.get("message", error)))
    choice = chunk["choices"][0]
    return Piece(choice["text"], choice.get("finish_reason") or "", chunk.get("timings") or {})
