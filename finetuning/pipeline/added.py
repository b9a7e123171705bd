"""A GGUF adapter added to the weights of its base, as the model server adds it while it serves."""

import re
from pathlib import Path
from typing import Any

from finetuning.pipeline.telling import StageError
from prose import said

# From llama.cpp's names to those of transformers.
_PLACES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_NAME = re.compile(r"blk\.([0-9]+)\.(\w+)\.weight\.lora_([ab])")


def add(adapter: Path, tensors: dict[str, Any], config: Any) -> None:
    """Add the LoRA `adapter` to the Llama `tensors`, by their names in transformers.

    Raises `StageError` for an adapter that is damaged or belongs to another base.
    """
    import torch

    parts, alpha = _read(adapter)
    for place, sides in parts.items():
        if set(sides) != {"a", "b"} or place not in tensors:
            raise StageError(_stranger(adapter))
        down, up = (torch.tensor(sides[side], dtype=torch.float32) for side in "ab")
        if tensors[place].shape != (len(up), down.shape[1]):
            raise StageError(_stranger(adapter))
        if ".q_proj." in place:
            up = _in_halves(up, config.num_attention_heads)
        elif ".k_proj." in place:
            up = _in_halves(up, config.num_key_value_heads)
        tensors[place] = tensors[place].float() + alpha / len(down) * (up @ down)


def _read(adapter: Path) -> tuple[dict[str, dict[str, Any]], float]:
    """Return the two factors of each place, (rank, in) and (out, rank), and alpha."""
    from gguf import GGUFReader

    parts: dict[str, dict[str, Any]] = {}
    try:
        reader = GGUFReader(adapter)
        alpha = float(reader.fields["adapter.lora.alpha"].contents())
        for tensor in reader.tensors:
            found = _NAME.fullmatch(tensor.name)
            if found is None or found[2] not in _PLACES:
                raise StageError(_stranger(adapter))
            place = f"model.layers.{found[1]}.{_PLACES[found[2]]}.weight"
            parts.setdefault(place, {})[found[3]] = tensor.data
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise StageError(
            said("The base model's file %(name)s is damaged or incomplete.", name=adapter.name)
        ) from error
    return parts, alpha


def _in_halves(up: Any, heads: int) -> Any:
    """Return the rows in transformers' order: llama.cpp has a rotation's two rows side by side."""
    return up.reshape(heads, -1, 2, up.shape[1]).transpose(1, 2).reshape(up.shape)


def _stranger(adapter: Path) -> str:
    return said("%(name)s holds no adapter of this base.", name=adapter.name)
