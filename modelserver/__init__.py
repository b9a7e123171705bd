"""The only edge to the model server: Ollama's API, and the one of OpenAI that most others speak.

Which server is asked is handed in with every call, as a `Server`; in which dialect is found out
here. Imports nothing of ours.
"""

import importlib
from typing import TYPE_CHECKING

from modelserver.server import Server, ServerSettingsError

if TYPE_CHECKING:
    from modelserver.asking import Prefill
    from modelserver.connection import close
    from modelserver.counting import Counter, counter
    from modelserver.errors import (
        AdaptersRefusedError,
        BrokenStreamError,
        CredentialsRefusedError,
        ModelMissingError,
        ModelServerError,
        NotOllamaError,
        NotPossibleError,
        PromptTooLongError,
        PullError,
        ServerBusyError,
        ServerFaultError,
        SilentError,
        UnreachableError,
        UntrustedCertificateError,
    )
    from modelserver.facts import THOUGHTS, Abilities, About, Installed, ModelFacts, Progress
    from modelserver.models import (
        abilities,
        about,
        attach,
        create,
        delete,
        digest,
        installed,
        is_loaded,
        model_facts,
        pull,
        upload,
        version,
    )
    from modelserver.streaming import chat
    from modelserver.tokens import ChatTokens
    from modelserver.wire import Chunk
else:
    _HOMES = (
        *("errors", "connection", "counting", "facts", "asking", "models", "wire"),
        *("streaming", "tokens"),
    )

    def __getattr__(name: str) -> object:
        """Load what asks the server when it is first used: the trainer has no client to ask with.

        Its environment takes only the description and the converters.
        """
        if name in __all__:
            for home in _HOMES:
                module = importlib.import_module(f"modelserver.{home}")
                if hasattr(module, name):
                    return globals().setdefault(name, getattr(module, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "THOUGHTS",
    "Abilities",
    "About",
    "AdaptersRefusedError",
    "BrokenStreamError",
    "ChatTokens",
    "Chunk",
    "Counter",
    "CredentialsRefusedError",
    "Installed",
    "ModelFacts",
    "ModelMissingError",
    "ModelServerError",
    "NotOllamaError",
    "NotPossibleError",
    "Prefill",
    "Progress",
    "PromptTooLongError",
    "PullError",
    "Server",
    "ServerBusyError",
    "ServerFaultError",
    "ServerSettingsError",
    "SilentError",
    "UnreachableError",
    "UntrustedCertificateError",
    "abilities",
    "about",
    "attach",
    "chat",
    "close",
    "counter",
    "create",
    "delete",
    "digest",
    "installed",
    "is_loaded",
    "model_facts",
    "pull",
    "upload",
    "version",
]
