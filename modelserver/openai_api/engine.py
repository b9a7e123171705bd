"""Which engine answers, and what it serves: asked once a minute at most."""

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePath
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from modelserver import names
from modelserver.connection import clients
from modelserver.errors import NotOllamaError, missing, translated
from modelserver.facts import FRESH
from modelserver.openai_api.asking import get, get_if_known
from modelserver.server import Server

# More than anybody chooses from, and a name than any model has; a server can say what it likes.
_MOST_LISTED, _LONGEST_NAME = 200, 200
_NO_WRITERS = frozenset({"embeddings", "embedding"})


class Kind(StrEnum):
    """The engines that are told apart, by the names that people call them."""

    LLAMA_CPP = "llama.cpp"
    VLLM = "vLLM"
    SGLANG = "SGLang"
    RAY = "Ray Serve LLM"
    LM_STUDIO = "LM Studio"
    OTHER = "an OpenAI-compatible server"


_OWNERS = {"llamacpp": Kind.LLAMA_CPP, "vllm": Kind.VLLM, "sglang": Kind.SGLANG}
# Fields that only Ray's list has.
_RAY_FIELDS = ("rayllm_metadata", "metadata")


@dataclass(frozen=True, slots=True)
class Served:
    """A model that the server lists; None and 0 are what it doesn't say."""

    id: str
    fingerprint: str
    context_length: int | None = None  # tokens
    size: int = 0  # bytes
    billions: float | None = None  # parameters
    is_loaded: bool = True
    writes: bool = True
    parent: str = ""  # the base of an adapter
    adapter: int | None = None  # llama.cpp's number of it


@dataclass(frozen=True, slots=True)
class Engine:
    """What answers at an address."""

    kind: Kind
    models: tuple[Served, ...]

    def find(self, model: str) -> Served | None:
        """Return the model of that name; capitals and `:latest` make no difference."""
        exact = (each for each in self.models if each.id == model)
        alike = (each for each in self.models if names.same(each.id, model))
        # llama.cpp calls an adapter as its file, in whose name no colon stands.
        plain = names.adapter_file_name(model).removesuffix(".gguf")
        files = (each for each in self.models if each.adapter is not None and each.id == plain)
        return next(exact, None) or next(alike, None) or next(files, None)

    def served(self, model: str) -> Served:
        """Return the model of that name. Raises `ModelMissingError`."""
        if (found := self.find(model)) is None:
            listed = ", ".join(each.id for each in self.models[:10]) or "none"
            raise missing(model, f"It serves: {listed}.")
        return found


_known: dict[Server, tuple[Engine, float]] = {}
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def engine_of(server: Server) -> Engine:
    """Return what answers, as of this last minute. Raises `ModelServerError`."""
    known = _known.get(server)
    if known and time.monotonic() - known[1] < FRESH:
        return known[0]
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        known = _known.get(server)
        if known is None or time.monotonic() - known[1] >= FRESH:
            known = _known[server] = (await ask(server), time.monotonic())
    return known[0]


async def ask(server: Server) -> Engine:
    """Return what answers at this moment. Raises `ModelServerError`."""
    listed = (await get(server, "v1/models")).get("data")
    if not isinstance(listed, list):
        raise NotOllamaError(server, "no list of models")
    cards = [
        card
        for card in listed[:_MOST_LISTED]
        if isinstance(card, dict) and 0 < len(str(card.get("id") or "")) <= _LONGEST_NAME
    ]
    kind = _kind_of(cards)
    if kind is Kind.OTHER and (own := await _lm_studio(server)) is not None:
        kind = Kind.LM_STUDIO
        cards = [{**card, **own.get(str(card["id"]), {})} for card in cards]
    models = [_served(card) for card in cards]
    if kind is Kind.LLAMA_CPP and models:
        models += await _llama_adapters(server, models[0])
    return Engine(kind, tuple(_with_context(each, models) for each in models))


def forget(server: Server) -> None:
    """Ask anew the next time: something was changed there."""
    _known.pop(server, None)


def _with_context(model: Served, models: list[Served]) -> Served:
    """Return `model` with the context of its base, where an adapter's card says none."""
    base = next((each for each in models if each.id == model.parent), model)
    return replace(model, context_length=model.context_length or base.context_length)


async def _llama_adapters(server: Server, base: Served) -> list[Served]:
    """Return the adapters that llama.cpp's server was started with, called as their files are."""
    with translated(server):
        async with clients(server).http.get("lora-adapters", allow_redirects=False) as response:
            if response.status != httpx.codes.OK:
                return []
            listed = json.loads(await response.read())
    return [
        replace(
            base,
            id=PurePath(str(each.get("path"))).stem,
            fingerprint=f"{base.fingerprint} {each.get('path')}",
            parent=base.id,
            adapter=each["id"],
        )
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and type(each.get("id")) is int
    ]


def _kind_of(cards: list[dict[str, Any]]) -> Kind:
    for card in cards:
        if kind := _OWNERS.get(str(card.get("owned_by"))):
            return kind
        if any(name in card for name in _RAY_FIELDS):
            return Kind.RAY
    return Kind.OTHER


async def _lm_studio(server: Server) -> dict[str, dict[str, Any]] | None:
    """Return LM Studio's own list, which tells more; None if it isn't LM Studio."""
    listed = (await get_if_known(server, "api/v0/models") or {}).get("data")
    if not isinstance(listed, list):
        return None
    return {str(card["id"]): card for card in listed if isinstance(card, dict) and "id" in card}


def _served(card: dict[str, Any]) -> Served:
    meta = card.get("meta")
    told = {**(meta if isinstance(meta, dict) else {}), **card}
    # The larger ones are what the model could read, the first what it is served with.
    fields = ("n_ctx", "max_model_len", "loaded_context_length", "max_context_length")
    lengths = (_number(told.get(name)) for name in (*fields, "n_ctx_train"))
    parameters = _number(told.get("n_params"))
    # When it was started is no sign of another model.
    lasting = {name: value for name, value in card.items() if name not in _PASSING}
    described = json.dumps(lasting, sort_keys=True, default=str)
    return Served(
        id=str(card["id"]),
        fingerprint=hashlib.sha256(described.encode(errors="replace")).hexdigest(),
        context_length=next((length for length in lengths if length), None),
        size=_number(told.get("size")) or 0,
        billions=parameters / 1e9 if parameters else None,
        is_loaded=card.get("state", "loaded") == "loaded",
        writes=card.get("type") not in _NO_WRITERS and "embed" not in str(card["id"]).lower(),
        parent=str(card.get("parent") or ""),
    )


_PASSING = frozenset({"created", "permission", "state", "loaded_context_length", "status"})


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 2**53 else None
