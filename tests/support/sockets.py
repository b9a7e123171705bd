"""A client of the story's websocket that checks every offset."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from stories.live.flow import ACKNOWLEDGE_EVERY
from stories.live.routing import websocket_urlpatterns
from stories.models import User

PATIENCE = 10.0  # seconds
_SEND = "websocket.send"


@dataclass
class Followed:
    """What came over the socket until a generation's end."""

    generation: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    pieces: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, Any] = field(default_factory=dict)


class StorySocket:
    """A signed-in user's socket on a story; the application runs in the test's own loop."""

    def __init__(self, user: User | AnonymousUser, story: int) -> None:
        router = URLRouter(websocket_urlpatterns)
        self._communicator = WebsocketCommunicator(router, f"/ws/stories/{story}/")
        scope: dict[str, Any] = cast("dict[str, Any]", self._communicator.scope)
        scope["user"] = user

    async def connect(self) -> bool:
        """Return whether the handshake was accepted."""
        connected, _ = await self._communicator.connect(timeout=PATIENCE)
        return connected

    async def __aenter__(self) -> "StorySocket":
        assert await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._communicator.disconnect(timeout=PATIENCE)

    async def send(self, **frame: Any) -> None:
        """Send `frame` as JSON."""
        await self._communicator.send_json_to(frame)

    async def send_raw(self, text: str | None = None, data: bytes | None = None) -> None:
        """Send what is no frame."""
        await self._communicator.send_to(text_data=text, bytes_data=data)

    async def receive(self) -> dict[str, Any]:
        """Return the next frame."""
        frame: dict[str, Any] = await self._communicator.receive_json_from(timeout=PATIENCE)
        return frame

    async def silent(self, seconds: float = 0.1) -> bool:
        """Tell whether nothing comes for `seconds`."""
        return bool(await self._communicator.receive_nothing(timeout=seconds))

    async def until_text(self, length: int) -> Followed:
        """Follow until `length` code points are there, or the end."""
        return await self._collect(Followed(), length)

    async def until_done(self, begun: Followed | None = None) -> Followed:
        """Follow to the `done` frame; `begun` is what was received before."""
        return await self._collect(begun or Followed(), None)

    async def until_closed(self) -> tuple[Followed, int]:
        """Take in the text, acknowledging nothing, until the server closes; also its code."""
        followed = Followed()
        while (event := await self._communicator.receive_output(PATIENCE))["type"] == _SEND:
            frame = json.loads(event["text"])
            if frame["type"] == "text":
                assert frame["offset"] == len(followed.text), "a gap, or text that came twice"
                followed.text += frame["text"]
        return followed, event["code"]

    async def _collect(self, followed: Followed, length: int | None) -> Followed:
        while length is None or len(followed.text) < length:
            frame = await self.receive()
            if frame["type"] == "generation":
                followed.generation = frame
            elif frame["type"] == "text":
                assert frame["offset"] == len(followed.text), "a gap, or text that came twice"
                followed.text += frame["text"]
                followed.pieces += 1
                if len(followed.text) % ACKNOWLEDGE_EVERY < len(frame["text"]):
                    await self.send(type="ack", offset=len(followed.text))
            elif frame["type"] == "error":
                followed.errors.append(frame)
            elif frame["type"] == "done":
                followed.done = frame
                break
        return followed
