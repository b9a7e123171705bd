"""What servers and models say of themselves, in any dialect."""

from dataclasses import dataclass, field
from typing import Any

from modelserver.tokens import ChatTokens

FRESH = 60.0  # seconds that an answer about a server or a model counts
# Tokens that a model which thinks is let have for that, beside those of what is asked for: it may
# do so though it was told not to.
THOUGHTS = 4_096


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model can do, so far as the server says."""

    context_length: int | None = None  # tokens that it can read
    thinks: bool = False  # it reasons before it answers, unless it is told not to
    template: str = ""  # how a chat becomes its prompt, in Go's or Jinja's language
    tokens: ChatTokens = field(default_factory=ChatTokens, compare=False, repr=False)
    # Another one: another model, or template, or parameters, under the same name.
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is; `completed` and `total` are bytes of the layer under way."""

    status: str
    completed: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model on the server is asked with."""

    template: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """What a server says of itself."""

    version: str
    is_pocket: bool  # it is the embedded one, wherever it runs
    engine: str = "Ollama"  # what people call it


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that the server has and that can write."""

    name: str
    size: int  # bytes on the server's disk; 0 if it doesn't say
    billions: float | None  # parameters, so far as the server says
    is_loaded: bool  # it is in memory
