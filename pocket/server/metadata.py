"""What a GGUF file says about itself."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gguf import GGUFReader

from pocket.server.errors import bad_request

_MAGIC = b"GGUF"
_DEFAULT_CONTEXT = 2048


@dataclass(frozen=True)
class Metadata:
    """A GGUF file's key-value pairs (token lists left out) and its number of parameters."""

    values: dict[str, Any]
    parameters: int

    @property
    def architecture(self) -> str:
        """The model's architecture, "llama" for ours."""
        return str(self.values.get("general.architecture", ""))

    @property
    def is_adapter(self) -> bool:
        """Whether the file is a LoRA adapter and not a model."""
        return self.values.get("general.type") == "adapter"

    @property
    def context_length(self) -> int:
        """Tokens of context that the model was trained with."""
        return int(self.values.get(f"{self.architecture}.context_length", _DEFAULT_CONTEXT))

    @property
    def chat_template(self) -> str:
        """The Jinja template that turns messages into a prompt; may be empty."""
        return str(self.values.get("tokenizer.chat_template", ""))


@lru_cache(maxsize=64)  # files here never change under their name
def read_metadata(path: Path) -> Metadata:
    """Return the metadata of the GGUF file `path`; raises `APIError` if it is none or is cut."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise bad_request("the file is not in GGUF format")
    try:
        reader = GGUFReader(path)
        values = {
            name: field.contents()
            for name, field in reader.fields.items()
            if not name.startswith("tokenizer.ggml.") and not name.startswith("GGUF.")
        }
        parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise bad_request("the GGUF file is damaged or incomplete") from error
    return Metadata(values, parameters)
