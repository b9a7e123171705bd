"""A chat as the caller means it, and what a dialect makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelserver.facts import Abilities
from modelserver.seams import Echo, Words
from modelserver.server import Server
from modelserver.wire import Reader

Messages = list[dict[str, str]]

# What is said where nothing else helps.
GO_ON = (
    "Go on with your text exactly where it stops. Write only what comes next, with nothing before "
    "it, and repeat nothing that is there already."
)


class Prefill(StrEnum):
    """How a chat that ends with the assistant's words is continued."""

    OPEN = "open"  # as it is; the first answer tells which of the next two it is
    CONTINUED = "continued"  # as it is
    ECHOED = "echoed"  # as it is, and the answer has those words in front
    RAW = "raw"  # the rendered prompt, up to those words, is completed
    WORDS = "words"  # a message more asks for it


@dataclass(frozen=True)
class Request:
    """A chat as the caller means it; the options are Ollama's."""

    server: Server
    model: str
    messages: Messages
    options: dict[str, Any]
    able: Abilities

    @property
    def prefill(self) -> str:
        """What is to be continued; empty if nothing is."""
        last = self.messages[-1] if self.messages else {}
        return last["content"] if last.get("role") == "assistant" else ""


@dataclass(frozen=True)
class Sending:
    """What is posted for a `Request`, and what is done to the answer."""

    path: str
    body: dict[str, Any]
    reader: Reader
    seam: Echo | Words | None = None
    learn: Callable[[], None] | None = None  # called at the end, whatever it is
