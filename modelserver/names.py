"""Names of models, as Ollama reads and compares them.

`{host}/{namespace}/{model}:{tag}`, of which only the model has to be there; capitals make no
difference. So `llama3.2`, `Llama3.2:latest` and `library/llama3.2` are the same model.
"""

from typing import NamedTuple

_HOST, _NAMESPACE, _TAG = "registry.ollama.ai", "library", "latest"


class Name(NamedTuple):
    """The parts of a name in small letters, with Ollama's defaults for those that are left out.

    A part of which the name has only the separator is empty: no model is called so.
    """

    host: str
    namespace: str
    model: str
    tag: str


def parse(name: str) -> Name:
    """Return the parts of `name`, which may be any text."""
    rest, tag = name.lower(), _TAG
    # A colon before the last slash belongs to the host's port.
    if rest.rfind(":") > rest.rfind("/"):
        rest, _, tag = rest.rpartition(":")
    *places, model = rest.rsplit("/", 2)
    namespace = places[-1] if places else _NAMESPACE
    host = places[0].rpartition("://")[2] if len(places) > 1 else _HOST
    return Name(host, namespace, model, tag)


def same(one: str, other: str) -> bool:
    """Tell whether both names are of the same model of a server."""
    return parse(one) == parse(other)


def adapter_file_name(model: str) -> str:
    """Return what the GGUF file of an adapter is called, by which llama.cpp's server knows it."""
    return model.replace(":", "-").replace("/", "-") + ".gguf"
