"""The base that is tuned, as the Hugging Face checkpoint that the trainer reads.

Pocket's bases are GGUF files and nothing else; a checkpoint is made from one, once per file, of
the very weights that are served: what was quantized is read as it computes. Only the trainer's
environment can do so.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from finetuning.pipeline import added
from finetuning.pipeline.run_folder import RunFolder, write_json
from finetuning.pipeline.telling import StageError, log
from finetuning.recipes import Recipe
from prose import said

_PLAIN_TYPES = {"F16", "F32"}
# By the name that llama.cpp gives a pre-tokenizer; digits stand alone in SmolLM's.
_SMOLLM = "smollm"


def checkpoint(run: RunFolder, recipe: Recipe) -> str:
    """Return what `from_pretrained` takes for the recipe's base: a folder, or a name on the hub.

    A GGUF file is unpacked beside the runs, under its hash. Raises `StageError`.
    """
    path = Path(recipe.weights)
    if path.suffix != ".gguf":
        return recipe.weights
    files = [path, *([Path(recipe.base_adapter)] if recipe.base_adapter else [])]
    for file in files:
        if not file.is_file():
            raise StageError(said("The base model's file %(path)s is missing.", path=file))
    folder = run.bases / "-".join(file_hash(file)[:16] for file in files)
    if not (folder / "complete").exists():
        log(f"Unpacking {path.name} for the trainer.")
        unpack(path, folder, *files[1:])
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


def unpack(gguf: Path, folder: Path, adapter: Path | None = None) -> None:
    """Write the Llama `gguf`, with `adapter` added to it, as a Hugging Face checkpoint in `folder`.

    Its tokenizer is SentencePiece's, whose `tokenizer.model` lies beside the file, or SmolLM's,
    which is in the file. Raises `StageError` for a file that is damaged or of another kind.
    """
    values, kinds = _described(gguf)
    folder.mkdir(parents=True, exist_ok=True)
    if values.get("tokenizer.ggml.pre") == _SMOLLM:
        _write_smollm_tokenizer(gguf, folder)
    else:
        _write_sentencepiece(gguf.with_name("tokenizer.model"), folder, values)
    _write_weights(gguf, adapter, folder, kinds)


def _described(gguf: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the file's metadata and the type of each of its tensors. Raises `StageError`."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(gguf)
        values = {name: field.contents() for name, field in reader.fields.items()}
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise StageError(
            said("The base model's file %(name)s is damaged or incomplete.", name=gguf.name)
        ) from error
    if values.get("general.architecture") != "llama":
        raise StageError(said("%(name)s holds no Llama model.", name=gguf.name))
    return values, {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}


def _write_sentencepiece(tokenizer: Path, folder: Path, values: dict[str, Any]) -> None:
    if not tokenizer.is_file():
        raise StageError(said("%(tokenizer)s is missing.", tokenizer=tokenizer))
    shutil.copy(tokenizer, folder)
    write_json(folder / "tokenizer_config.json", _tokenizer_config(values))


def _write_smollm_tokenizer(gguf: Path, folder: Path) -> None:
    """Write the tokenizer of the file; transformers reads it as GPT-2's, which joins digits."""
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    tokenizer.save_pretrained(folder)


def _write_weights(gguf: Path, adapter: Path | None, folder: Path, kinds: dict[str, str]) -> None:
    """Let transformers read the file, and write its tensors and configuration into `folder`."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM

    model, found = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, output_loading_info=True
    )
    tensors = model.state_dict()
    if model.config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    # It makes up what is missing and passes over what it does not know, biases for example.
    if found["missing_keys"] or len(tensors) != len(kinds):
        raise StageError(
            said("%(name)s holds other tensors than a plain Llama has.", name=gguf.name)
        )
    if adapter is not None:
        added.add(adapter, tensors, model.config)
    # Nothing is lost: converters keep vectors in f32, and matrices in the type of the file; a
    # quantized one needs all of f32.
    is_plain = adapter is None and not set(kinds.values()) - _PLAIN_TYPES
    matrices = torch.float16 if is_plain and "F16" in kinds.values() else torch.float32
    tensors = {
        name: tensor.to(matrices if tensor.dim() > 1 else torch.float32).contiguous()
        for name, tensor in tensors.items()
    }
    # Not by `save_pretrained` of the model, which refuses one that was read from GGUF.
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config
    vars(config).pop("quantization_config", None)
    config.architectures, config.dtype = [type(model).__name__], matrices
    config.save_pretrained(folder)


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
