"""The base that is tuned, as the Hugging Face checkpoint that the trainer reads.

Pocket ships as a GGUF file and nothing else; its checkpoint is made from that, once per file.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from finetuning.pipeline.run_folder import StageError, log, write_json, write_text
from finetuning.recipes import Recipe

# llama.cpp's tensor names (gguf-py's tables) in transformers' words.
_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_OUTER = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_PLAIN_TYPES = {"F16", "F32"}


def checkpoint(run_dir: Path, recipe: Recipe) -> str:
    """Return what `from_pretrained` takes for the recipe's base: a folder, or a name on the hub.

    A GGUF file is unpacked beside the runs, under its hash. Raises `StageError`.
    """
    path = Path(recipe.weights)
    if path.suffix != ".gguf":
        return recipe.weights
    if not path.is_file():
        raise StageError(f"The base model's file {path} is missing.")
    folder = run_dir.parent / "bases" / file_hash(path)[:16]
    if not (folder / "complete").exists():
        log(f"Unpacking {path.name} for the trainer.")
        unpack(path, folder)
        (folder / "complete").touch()
    return str(folder)


def identity(source: str) -> str:
    """Return what tells this base from others: the hash of its weights, or its name on the hub."""
    folder = Path(source)
    if not folder.is_dir():
        return source
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(file_hash(path).encode())
    return digest.hexdigest()[:16]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(gguf: Path, folder: Path) -> None:
    """Write the plain (f16 or f32) Llama `gguf` as a Hugging Face checkpoint into `folder`.

    The SentencePiece `tokenizer.model` lies beside the file. Raises `StageError` for a file that
    is damaged, quantized, or of another architecture.
    """
    from gguf import GGUFReader
    from safetensors.numpy import save_file

    try:
        reader = GGUFReader(gguf)
        values = {name: field.contents() for name, field in reader.fields.items()}
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise StageError(f"The base model's file {gguf.name} is damaged or incomplete.") from error
    if values.get("general.architecture") != "llama":
        raise StageError(f"{gguf.name} holds no Llama model.")
    tokenizer = gguf.with_name("tokenizer.model")
    if not tokenizer.is_file():
        raise StageError(f"{tokenizer} is missing.")
    tensors = dict(_tensor(tensor, values) for tensor in reader.tensors)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", _config(values, tied="lm_head.weight" not in tensors))
    shutil.copy(tokenizer, folder)
    write_text(folder / "tokenizer_config.json", json.dumps(_tokenizer_config(values), indent=1))


def _tensor(tensor: Any, values: dict[str, Any]) -> tuple[str, Any]:
    """Return the tensor's name in transformers and its values, rows first, as stored."""
    if tensor.tensor_type.name not in _PLAIN_TYPES:
        raise StageError("The base model's file is quantized: the trainer needs it in 16 bits.")
    name = str(tensor.name).removesuffix(".weight")
    data = tensor.data.copy()
    if not name.startswith("blk."):
        if name not in _OUTER:
            raise StageError(
                f"The base model has a tensor {tensor.name}, which no plain Llama has."
            )
        return f"{_OUTER[name]}.weight", data
    _, layer, part = name.split(".", 2)
    if part not in _LAYER:
        raise StageError(f"The base model has a tensor {tensor.name}, which no plain Llama has.")
    heads = {
        "attn_q": "llama.attention.head_count",
        "attn_k": "llama.attention.head_count_kv",
    }.get(part)
    if heads:
        data = _unpermuted(data, int(values[heads]))
    return f"model.layers.{layer}.{_LAYER[part]}.weight", data


def _unpermuted(data: Any, heads: int) -> Any:
    """Undo the converter's reordering of a rotary projection's rows (llama.cpp interleaves the
    two halves of each head; transformers keeps them apart)."""
    rows, columns = data.shape
    halves = data.reshape(heads, rows // heads // 2, 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns).copy()


def _config(values: dict[str, Any], tied: bool) -> dict[str, Any]:
    heads = int(values["llama.attention.head_count"])
    hidden = int(values["llama.embedding_length"])
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": int(values["llama.vocab_size"]),
        "hidden_size": hidden,
        "intermediate_size": int(values["llama.feed_forward_length"]),
        "num_hidden_layers": int(values["llama.block_count"]),
        "num_attention_heads": heads,
        "num_key_value_heads": int(values.get("llama.attention.head_count_kv", heads)),
        "head_dim": int(values.get("llama.attention.key_length", hidden // heads)),
        "max_position_embeddings": int(values["llama.context_length"]),
        "rms_norm_eps": float(values["llama.attention.layer_norm_rms_epsilon"]),
        "rope_theta": float(values.get("llama.rope.freq_base", 10000.0)),
        "tie_word_embeddings": tied,
        "bos_token_id": int(values["tokenizer.ggml.bos_token_id"]),
        "eos_token_id": int(values["tokenizer.ggml.eos_token_id"]),
        "torch_dtype": "float16",
    }


def _tokenizer_config(values: dict[str, Any]) -> dict[str, Any]:
    tokens = values["tokenizer.ggml.tokens"]
    return {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": tokens[int(values["tokenizer.ggml.bos_token_id"])],
        "eos_token": tokens[int(values["tokenizer.ggml.eos_token_id"])],
        "unk_token": tokens[int(values.get("tokenizer.ggml.unknown_token_id", 0))],
        "add_bos_token": bool(values.get("tokenizer.ggml.add_bos_token", False)),
        "add_eos_token": bool(values.get("tokenizer.ggml.add_eos_token", False)),
        "add_prefix_space": bool(values.get("tokenizer.ggml.add_space_prefix", False)),
        "legacy": False,
        "clean_up_tokenization_spaces": False,
        "chat_template": values.get("tokenizer.chat_template", ""),
    }
