"""The only edge to the model server: it speaks Ollama's API and nothing else.

The API is described in docs/api.md of the project `ollama/ollama`. The address comes from the
environment and from nowhere else. Imports nothing of ours.
"""

from stories.ollama.connection import close
from stories.ollama.errors import (
    AdaptersRefusedError,
    BrokenStreamError,
    ModelMissingError,
    ModelServerError,
    PromptTooLongError,
    PullError,
    ServerBusyError,
    ServerFaultError,
    UnreachableError,
)
from stories.ollama.library import (
    Abilities,
    ModelFacts,
    Progress,
    abilities,
    create,
    delete,
    model_facts,
    pull,
    upload,
    version,
)
from stories.ollama.writing import Chunk, chat

__all__ = [
    "Abilities",
    "AdaptersRefusedError",
    "BrokenStreamError",
    "Chunk",
    "ModelFacts",
    "ModelMissingError",
    "ModelServerError",
    "Progress",
    "PromptTooLongError",
    "PullError",
    "ServerBusyError",
    "ServerFaultError",
    "UnreachableError",
    "abilities",
    "chat",
    "close",
    "create",
    "delete",
    "model_facts",
    "pull",
    "upload",
    "version",
]
