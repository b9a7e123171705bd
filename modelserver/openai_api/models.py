"""The models of the server, and what it can't do with them."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from modelserver.errors import NotPossibleError, PullError
from modelserver.facts import Abilities, About, Installed, ModelFacts, Progress
from modelserver.openai_api import adapters, prompting
from modelserver.openai_api.asking import get_if_known
from modelserver.openai_api.engine import Engine, Kind, ask, engine_of
from modelserver.sayings import said
from modelserver.server import Server
from modelserver.tokens import ChatTokens


async def about(server: Server) -> About:
    """Return what the server says of itself. Raises `ModelServerError`."""
    engine = await ask(server)
    version = ""
    if engine.kind is Kind.VLLM:
        version = str((await get_if_known(server, "version") or {}).get("version") or "")
    elif engine.kind is Kind.LLAMA_CPP:
        version = str((await get_if_known(server, "props") or {}).get("build_info") or "")
    return About(version or "unknown", is_pocket=False, engine=engine.kind.value)


async def abilities(server: Server, model: str) -> Abilities:
    """Return what `model` can do; waits while it is loaded. Raises `ModelServerError`."""
    engine = await engine_of(server)
    served = engine.served(model)
    template = await _template(server, engine)
    context = served.context_length
    if engine.kind is Kind.LLAMA_CPP:
        context = await _slot_context(server) or context
    thinks = prompting.THINKING_SWITCH in template
    if engine.kind is Kind.VLLM:
        thinks = await prompting.has_thinking_switch(server, served.id)
    described = f"{served.fingerprint}\0{template}"
    return Abilities(
        context_length=context,
        thinks=thinks,
        template=template,
        tokens=ChatTokens(template),
        fingerprint=hashlib.sha256(described.encode(errors="replace")).hexdigest(),
    )


async def _template(server: Server, engine: Engine) -> str:
    """Return the model's template, where the engine tells it."""
    if engine.kind is not Kind.LLAMA_CPP:
        return ""
    return str((await get_if_known(server, "props") or {}).get("chat_template") or "")


async def _slot_context(server: Server) -> int | None:
    """Return the tokens that one story may have: the slots share what the server was given."""
    told = (await get_if_known(server, "props") or {}).get("default_generation_settings")
    length = told.get("n_ctx") if isinstance(told, dict) else None
    return length if type(length) is int and length > 0 else None


async def is_loaded(server: Server, model: str) -> bool:
    """Tell whether `model` is in the server's memory. Raises `ModelServerError`."""
    found = (await ask(server)).find(model)
    return found is not None and found.is_loaded


async def digest(server: Server, model: str) -> str:
    """Return what changes when another model is served under that name; "" for none.

    Raises `ModelServerError`.
    """
    found = (await ask(server)).find(model)
    return found.fingerprint if found else ""


async def installed(server: Server) -> list[Installed]:
    """Return the models that the server can write with, by name. Raises `ModelServerError`."""
    engine = await ask(server)
    found = [
        Installed(name=each.id, size=each.size, billions=each.billions, is_loaded=each.is_loaded)
        for each in engine.models
        if each.writes
    ]
    return sorted(found, key=lambda model: model.name.lower())


async def model_facts(server: Server, model: str) -> ModelFacts:
    """Return the template of `model`, so far as it is told. Raises `ModelServerError`."""
    engine = await ask(server)
    engine.served(model)
    return ModelFacts(await _template(server, engine), {})


async def pull(server: Server, model: str) -> AsyncIterator[Progress]:
    """Say that no model is downloaded in this way: raises `PullError`."""
    kind = (await ask(server)).kind
    raise PullError(
        said(
            "The model server is %(engine)s, which downloads no models when it is asked. Whoever "
            "runs it can start it with the model %(model)s.",
            engine=kind.value,
            model=model,
        )
    )
    yield Progress("")  # makes it a generator, as the others are


async def upload(server: Server, path: Path) -> str:
    """Say that no file is taken: raises `NotPossibleError`."""
    raise await _takes_none(server)


async def create(server: Server, model: str, request: dict[str, Any]) -> None:
    """Say that no model is made: raises `NotPossibleError`."""
    raise await _takes_none(server)


async def _takes_none(server: Server) -> NotPossibleError:
    kind = (await ask(server)).kind
    return NotPossibleError(
        said(
            "The model server is %(engine)s, which makes no models when it is asked.",
            engine=kind.value,
        )
    )


async def delete(server: Server, model: str) -> None:
    """Take an adapter off; any other model is the operator's. Raises `ModelServerError`."""
    await adapters.detach(server, model)
