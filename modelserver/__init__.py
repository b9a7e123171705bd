"""The only edge to the model server: it speaks Ollama's API and nothing else.

The API is described in docs/api.md of the project `ollama/ollama`. The address comes from the
environment and from nowhere else. Imports nothing of ours.
"""

from modelserver.chat import Chunk, chat
from modelserver.connection import close
from modelserver.errors import (
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
from modelserver.models import (
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
