"""Websocket routes."""

from typing import Any, cast

from django.urls import path

from stories.live.consumer import StoryConsumer

_story = cast(Any, StoryConsumer.as_asgi())  # `path` is typed for HTTP views only

websocket_urlpatterns: list[Any] = [path("ws/stories/<int:story_id>/", _story)]
