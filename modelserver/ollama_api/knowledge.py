"""What Ollama tells of a model."""

import hashlib

from modelserver import names
from modelserver.connection import api_client
from modelserver.facts import Abilities
from modelserver.server import Server
from modelserver.tokens import ChatTokens


async def is_loaded(server: Server, model: str) -> bool:
    """Tell whether `model` is in the server's memory. Raises `ModelServerError`."""
    async with api_client(server, model) as api:
        loaded = await api.ps()
    return any(names.same(model, each.model or "") for each in loaded.models)


async def abilities(server: Server, model: str) -> Abilities:
    """Return what `model` can do. Raises `ModelServerError`."""
    async with api_client(server, model) as api:
        shown = await api.show(model)
    lengths = [
        value for key, value in (shown.modelinfo or {}).items() if key.endswith(".context_length")
    ]
    template = shown.template or ""
    described = f"{shown.modified_at}\0{template}\0{shown.parameters}\0{shown.modelinfo}"
    return Abilities(
        context_length=int(lengths[0]) if lengths else None,
        thinks="thinking" in (shown.capabilities or ()),
        template=template,
        tokens=ChatTokens(template),
        fingerprint=hashlib.sha256(described.encode(errors="replace")).hexdigest(),
    )
