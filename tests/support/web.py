"""A web process of ours and a client on its websocket that checks every offset."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from stories.live.flow import ACKNOWLEDGE_EVERY
from tests.support.processes import free_port, running
from tests.support.seats import Seat, session_cookie

PATIENCE = 40.0  # seconds
# Collected and compressed once for all the installations of a test run.
STATIC_ROOT = f"{settings.DATA_DIR}/collected"


def installation(data: Path, model_server: str, model: str, **more: str) -> dict[str, str]:
    """Return the environment of an installation that is not the test's own."""
    inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    own = {
        "DATA_DIR": str(data),
        "PORT": str(free_port()),
        "STATIC_ROOT": STATIC_ROOT,
        "OLLAMA_HOST": model_server,
        "STORY_MODEL": model,
        "GENERATION_SLOTS": "1000",  # nobody waits, unless a test is about that
        "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings",
    }
    return {**inherited, **own, **more}


@contextmanager
def web(environment: dict[str, str], port: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Run a web process of the installation, on its own port or another one."""
    port = port or environment["PORT"]
    command = [
        sys.executable,
        "-m",
        "storaiteller_site.serving.web",
        "--verbosity",
        "0",
        "--port",
        port,
    ]
    command += ["storaiteller_site.asgi:application"]
    with running(command, ready_url=f"http://127.0.0.1:{port}/health/", env=environment) as process:
        yield process


@dataclass
class Client:
    """A socket on a story, and what came over it of the generation that it follows."""

    socket: ClientConnection
    generation: int = 0
    text: str = ""
    errors: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)  # of the errors
    done: dict[str, Any] = field(default_factory=dict)

    def send(self, **frame: Any) -> None:
        """Send a frame."""
        self.socket.send(json.dumps(frame))

    def receive(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """Take in the next frame."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout=timeout))
        if frame["type"] == "generation" and frame["id"] != self.generation:
            self.generation, self.text, self.done = frame["id"], "", {}
        elif frame["type"] == "text":
            assert frame["offset"] == len(self.text), "a gap, or text that came twice"
            self.text += frame["text"]
            if len(self.text) % ACKNOWLEDGE_EVERY < len(frame["text"]):
                self.send(type="ack", offset=len(self.text))
        elif frame["type"] == "error":
            self.errors.append(frame["code"])
            self.messages.append(frame["message"])
        elif frame["type"] == "done":
            self.done = frame
        return frame

    def follow(self, length: int | None = None) -> None:
        """Take in frames until `length` code points are there, or to the end."""
        while not self.done and (length is None or len(self.text) < length):
            self.receive()


@contextmanager
def client(environment: dict[str, str], seat: Seat, port: str = "") -> Iterator[Client]:
    """Connect the seat's user to the seat's story."""
    with connect(
        f"ws://127.0.0.1:{port or environment['PORT']}/ws/stories/{seat.story_id}/",
        origin=Origin(f"http://127.0.0.1:{environment['PORT']}"),
        additional_headers={"Cookie": session_cookie(seat)},
        max_queue=None,  # reads at once, as a browser does, also while the test is busy
    ) as socket:
        yield Client(socket)
