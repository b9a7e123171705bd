"""Ollama's own API, as docs/api.md of the project `ollama/ollama` describes it."""

from modelserver.ollama_api.knowledge import abilities, is_loaded
from modelserver.ollama_api.models import (
    about,
    attach,
    create,
    delete,
    digest,
    installed,
    model_facts,
    pull,
    upload,
)
from modelserver.ollama_api.sending import sending

__all__ = [
    "abilities",
    "about",
    "attach",
    "create",
    "delete",
    "digest",
    "installed",
    "is_loaded",
    "model_facts",
    "pull",
    "sending",
    "upload",
]
