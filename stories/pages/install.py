"""Installing the model that writes: what its server lacks, it is told to download."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_POST

import modelserver
from stories.telling import told


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
    try:
        async with aclosing(modelserver.pull(settings.MODEL_SERVER, model)) as parts:  # type: ignore[type-var]
            async for part in parts:
                yield _line(asdict(part))
    except modelserver.ModelServerError as error:
        yield _line({"error": told(str(error)), "code": error.code})


def _line(part: dict[str, object]) -> bytes:
    return json.dumps(part).encode() + b"\n"
