"""The API of OpenAI, as vLLM, SGLang, llama.cpp's server, LM Studio and Ray Serve LLM speak it.

What they do not have in common is in `engine`, which recognises them, and in `prompting`.
"""

from modelserver.openai_api.adapters import attach
from modelserver.openai_api.models import (
    abilities,
    about,
    create,
    delete,
    digest,
    installed,
    is_loaded,
    model_facts,
    pull,
    upload,
)
from modelserver.openai_api.sending import sending

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
