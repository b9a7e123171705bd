"""How the model servers are, as this process saw it in the last seconds."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings

import modelserver
from modelserver import Installed, ModelServerError, Server, names
from stories.models import Generation

_FRESH = 5.0  # seconds that an answer counts
_PATIENCE = 4.0  # seconds that a server has to say what it has


@dataclass(frozen=True, slots=True)
class Health:
    """What a server has, or why it does not say."""

    server: Server
    models: tuple[Installed, ...] = ()
    trouble: ModelServerError | None = None

    def has(self, model: str) -> bool:
        """Tell whether the server can write with `model`."""
        return any(names.same(each.name, model) for each in self.models)

    def has_loaded(self, model: str) -> bool:
        """Tell whether `model` is in the server's memory."""
        return any(each.is_loaded and names.same(each.name, model) for each in self.models)


_known: dict[Server, tuple[Health, float]] = {}


def servers() -> list[Server]:
    """Return all model servers, the first one first."""
    return [settings.MODEL_SERVER, *settings.OTHER_MODEL_SERVERS]


def server_of(generation: Generation) -> Server:
    """Return the server that writes `generation`: the first one, unless another was chosen."""
    found = (each for each in servers() if each.url == generation.server)
    return next(found, settings.MODEL_SERVER)


async def health_of(all_of_them: Sequence[Server]) -> list[Health]:
    """Return how each server is; takes no longer than the slowest may."""
    return list(await asyncio.gather(*(_health(each) for each in all_of_them)))


async def _health(server: Server) -> Health:
    known = _known.get(server)
    if known and time.monotonic() - known[1] < _FRESH:
        return known[0]
    return await look(server)


async def look(server: Server) -> Health:
    """Return how `server` is at this moment."""
    found: Health
    try:
        async with asyncio.timeout(_PATIENCE):
            quick = replace(server, connect=min(server.connect, _PATIENCE / 2))
            found = Health(server, tuple(await modelserver.installed(quick)))
    except ModelServerError as error:
        found = Health(server, trouble=error)
    except TimeoutError:
        silent = modelserver.SilentError("The model server does not answer.")
        found = Health(server, trouble=silent)
    _known[server] = (found, time.monotonic())
    return found
