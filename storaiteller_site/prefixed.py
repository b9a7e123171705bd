"""Websockets below a path; of pages, Django takes it off itself (`FORCE_SCRIPT_NAME`)."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Application = Callable[[Any, Any, Any], Awaitable[None]]


def below_prefix(inner: Application) -> Application:
    """Answer sockets below `PATH_PREFIX` as `inner` does, and close all others."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        path = settings.PATH_PREFIX
        if not scope["path"].startswith(f"{path}/"):
            await send({"type": "websocket.close"})
            return
        await inner({**scope, "root_path": path}, receive, send)

    return application
