"""Websocket routes."""

from typing import Any, cast

from django.urls import path, re_path

from stories.live.consumer import StoryConsumer

_story = cast(Any, StoryConsumer.as_asgi())  # `path` is typed for HTTP views only


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Close before the handshake; without a route, a made-up address would count as a fault."""
    await send({"type": "websocket.close"})


websocket_urlpatterns: list[Any] = [
    path("ws/stories/<id:story_id>/", _story),
    re_path("", cast(Any, _nowhere)),
]
