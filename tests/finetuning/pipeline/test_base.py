"""The base from its GGUF file: the same model, to the last bit, or a sentence that says why not."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetuning.pipeline import base
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import StageError
from tests.finetuning.conftest import TINY
from tests.finetuning.pipeline.llama import BASE, GGUF, llama_greedy, llama_tokens
from tests.finetuning.pipeline.trainer_scripts import by_trainer

# Some start torch, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(600)


def beside(folder: Path, name: str, *, tokenizer: bool = True) -> Path:
    """Return where to put a GGUF file, with pocket's tokenizer beside it."""
    folder.mkdir(exist_ok=True)
    if tokenizer:
        shutil.copy(GGUF.with_name("tokenizer.model"), folder)
    return folder / name


def changed(
    path: Path,
    *,
    architecture: str = "llama",
    without: str = "",
    extra: str = "",
    quantized: bool = False,
) -> Path:
    """Write pocket's file into `path`, changed."""
    from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, quants

    reader, writer = GGUFReader(GGUF), GGUFWriter(path, architecture)
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            of = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], of)
    for tensor in reader.tensors:
        kind = GGMLQuantizationType.Q8_0
        if quantized and tensor.data.ndim > 1:
            packed = quants.quantize(tensor.data.astype(np.float32), kind)
            writer.add_tensor(tensor.name, packed, raw_dtype=kind)
        elif tensor.name != without:
            writer.add_tensor(tensor.name, tensor.data.copy())
    if extra:
        writer.add_tensor(extra, np.ones(256, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def values(tensors: list[Any], kind: Any) -> Any:
    """Return all values of one type, sorted: the rows of some tensors are stored otherwise."""
    return np.sort(np.concatenate([t.ravel() for t in tensors if t.dtype == kind]))


def test_the_checkpoint_is_the_model_of_the_file(tmp_path: Path, trains: None) -> None:
    """It gives the tokens and logits that llama.cpp gives (greedy, top five)."""
    from gguf import GGUFReader
    from safetensors.numpy import load_file

    shutil.copy(GGUF, beside(tmp_path, "base.gguf"))
    assert by_trainer("unpack.py", str(tmp_path / "base.gguf")) == [None]
    theirs = by_trainer("greedy.py", str(tmp_path / "base"))
    ours = llama_greedy(theirs["prompt"], len(theirs["ids"]))
    assert ours["ids"] == theirs["ids"]
    for (id_one, one), (id_other, other) in zip(ours["top"], theirs["top"], strict=True):
        assert id_one == id_other
        assert one == pytest.approx(other, abs=0.02)
    unpacked = list(load_file(tmp_path / "base" / "model.safetensors").values())
    stored = [tensor.data for tensor in GGUFReader(GGUF).tensors]
    for kind in (np.float16, np.float32):
        assert np.array_equal(values(unpacked, kind), values(stored, kind)), "nothing is rounded"


@pytest.mark.parametrize("damage", ["cut", "nonsense", "adapter"])
def test_a_base_that_is_none_is_refused(tmp_path: Path, damage: str) -> None:
    whole = GGUF.read_bytes()
    data = {"cut": whole[: len(whole) // 2], "nonsense": b"GGUF" + b"\0" * 100, "adapter": b""}
    (tmp_path / "x.gguf").write_bytes(data[damage])
    with pytest.raises(StageError, match="damaged"):
        base.unpack(tmp_path / "x.gguf", tmp_path / "base")
    recipe = TINY.from_dict({**TINY.to_dict(), "weights": "no.gguf"})
    with pytest.raises(StageError, match="missing"):
        base.checkpoint(RunFolder(tmp_path / "run"), recipe)


def test_a_base_that_the_trainer_cannot_tune_is_refused(tmp_path: Path) -> None:
    other = changed(beside(tmp_path / "a", "x.gguf"), architecture="gpt2")
    with pytest.raises(StageError, match="holds no Llama model"):
        base.unpack(other, tmp_path / "base")
    bare = changed(beside(tmp_path / "c", "x.gguf", tokenizer=False))
    with pytest.raises(StageError, match=r"tokenizer\.model is missing"):
        base.unpack(bare, tmp_path / "base")


def test_a_quantized_base_is_read_as_it_computes(tmp_path: Path, trains: None) -> None:
    from gguf import GGUFReader, dequantize
    from safetensors.numpy import load_file

    file = changed(beside(tmp_path, "small.gguf"), quantized=True)
    assert by_trainer("unpack.py", str(file)) == [None]
    unpacked = list(load_file(tmp_path / "small" / "model.safetensors").values())
    stored = [dequantize(one.data, one.tensor_type) for one in GGUFReader(file).tensors]
    assert np.array_equal(values(unpacked, np.float32), values(stored, np.float32))


def test_smollm_is_read_in_the_tokens_that_llama_cpp_reads(tmp_path: Path, trains: None) -> None:
    (tmp_path / "smollm.gguf").symlink_to(BASE.absolute())
    assert by_trainer("unpack.py", str(tmp_path / "smollm.gguf")) == [None]
    texts = [
        "of maximum 1250 words, 3.5 and 2026-11-28",
        'Łucja Öberg said: "Don\'t!"\n\n  Two  spaces, a tab\t.',
        "Аня и Ωραιοζήλη, 小明, 🦊, ٣٤ e\u0301",
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
    ]
    theirs = by_trainer("tokens.py", str(tmp_path / "smollm"), json.dumps(texts))
    assert theirs == llama_tokens(texts, BASE)


def test_a_base_with_other_tensors_than_a_llama_is_refused(tmp_path: Path, trains: None) -> None:
    """transformers itself would make up what is missing and pass over what it does not know."""
    files = [
        changed(beside(tmp_path, "bias.gguf"), extra="blk.0.attn_q.bias"),
        changed(beside(tmp_path, "rope.gguf"), extra="rope_freqs.weight"),
        changed(beside(tmp_path, "less.gguf"), without="blk.3.attn_k.weight"),
    ]
    said = by_trainer("unpack.py", *map(str, files))
    assert said == [f"{file.name} holds other tensors than a plain Llama has." for file in files]
    assert not list(tmp_path.rglob("*.safetensors"))
