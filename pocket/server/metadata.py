"""What a GGUF file says about itself."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFEndian, GGUFReader, GGUFValueType

from pocket.server.errors import bad_request

_MAGIC = b"GGUF"
_DEFAULT_CONTEXT = 2048
# Elements of a list; those of a vocabulary and its merges have more.
_LONGEST_LIST = 1_000


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


class _Reader(GGUFReader):  # type: ignore[misc]
    """Passes over long lists.

    gguf makes arrays of each of their elements, which takes seconds for a vocabulary.
    """

    def _get_field_parts(self, orig_offs: int, raw_type: int) -> Any:
        if raw_type != GGUFValueType.ARRAY:
            return super()._get_field_parts(orig_offs, raw_type)
        kind = GGUFValueType(self._get(orig_offs, np.uint32)[0])
        count = int(self._get(orig_offs + 4, np.uint64)[0])
        scalar = self.gguf_scalar_to_np.get(kind)
        if count <= _LONGEST_LIST or (scalar is None and kind != GGUFValueType.STRING):
            return super()._get_field_parts(orig_offs, raw_type)
        start = orig_offs + 12
        if scalar is not None:
            end = start + count * np.dtype(scalar).itemsize
        else:
            length = struct.Struct(">Q" if self.endianess == GGUFEndian.BIG else "<Q")
            data, end = memoryview(self.data), start
            for _ in range(count):
                end += 8 + length.unpack_from(data, end)[0]
        return end - orig_offs, [], [], [GGUFValueType.ARRAY, kind]


@lru_cache(maxsize=64)  # files here never change under their name
def read_metadata(path: Path) -> Metadata:
    """Return the metadata of the GGUF file `path`; raises `APIError` if it is none or is cut."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise bad_request("the file is not in GGUF format")
    try:
        reader = _Reader(path)
        values = {
            name: field.contents()
            for name, field in reader.fields.items()
            if not name.startswith("tokenizer.ggml.") and not name.startswith("GGUF.")
        }
        parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    except (ValueError, IndexError, KeyError, OverflowError, struct.error) as error:
        raise bad_request("the GGUF file is damaged or incomplete") from error
    return Metadata(values, parameters)
