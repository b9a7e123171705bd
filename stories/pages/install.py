"""Installing the model that writes: what a server lacks, it is told to download."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_POST

import modelserver
from modelserver import Server
from stories.telling import told
from stories.writing.servers.health import look, servers

logger = logging.getLogger(__name__)


@login_required
@require_POST
async def install_model(request: HttpRequest) -> StreamingHttpResponse:
    """Download the installation's model; answers with the progress, a JSON object a line.

    For staff. Which model it is comes from the environment and never from the request. The last
    line has `"status": "success"` or an `"error"`.
    """
    if not (await request.auser()).is_staff:
        raise Http404
    return StreamingHttpResponse(
        _progress(settings.STORY_MODEL), content_type="application/x-ndjson"
    )


async def _progress(model: str) -> AsyncIterator[bytes]:
    """Yield how far the downloads are; the last line is a success where one server has it then."""
    last = error = b""
    for server in await _without(model):
        try:
            async with aclosing(modelserver.pull(server, model)) as parts:  # type: ignore[type-var]
                async for part in parts:
                    if part.status == "success":
                        last = _line(asdict(part))
                    else:
                        yield _line(asdict(part))
        except modelserver.ModelServerError as failed:
            logger.warning("%s is not installed on %s: %s", model, server.url, failed)
            error = error or _line({"error": told(str(failed)), "code": failed.code})
    yield last or error


async def _without(model: str) -> list[Server]:
    """Return the servers that lack `model` and answer; where none does, the first one says more."""
    every = servers()
    if len(every) == 1:
        return every
    there = await asyncio.gather(*(look(each) for each in every if not each.is_drained))
    found = [each.server for each in there if each.trouble is None and not each.has(model)]
    return found or every[:1]


def _line(part: dict[str, object]) -> bytes:
    return json.dumps(part).encode() + b"\n"
