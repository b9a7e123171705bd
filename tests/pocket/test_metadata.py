"""A GGUF file's metadata is read whole, and its vocabulary is passed over."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFEndian, GGUFReader, GGUFWriter

from pocket.server import metadata
from pocket.server.errors import APIError
from pocket.server.shipped import TINY

WORDS = [f"word {number}" for number in range(5_000)]


def model(path: Path, endianess: GGUFEndian = GGUFEndian.LITTLE) -> Path:
    """Write a model with a vocabulary, between values that are to be read."""
    writer = GGUFWriter(path, "llama", endianess=endianess)
    writer.add_context_length(4096)
    writer.add_tags(["one", "two"])
    writer.add_token_list(WORDS)
    writer.add_token_scores([0.5] * len(WORDS))
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("token_embd.weight", np.ones((4, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("endianess", list(GGUFEndian))
def test_what_stands_around_a_vocabulary_is_read(tmp_path: Path, endianess: GGUFEndian) -> None:
    found = metadata.read_metadata(model(tmp_path / "model.gguf", endianess))
    assert found.context_length == 4096
    assert found.chat_template == "{{ messages }}"
    assert found.values["general.tags"] == ["one", "two"]
    assert found.parameters == 4 * 32


def test_the_tiny_model_is_read_as_its_library_reads_it() -> None:
    file = TINY / "pocket.gguf"
    whole = {name: field.contents() for name, field in GGUFReader(file).fields.items()}
    found = metadata.read_metadata(file)
    assert found.values.items() <= whole.items()
    assert set(whole) - set(found.values) >= {"tokenizer.ggml.tokens", "tokenizer.ggml.scores"}


def test_the_words_of_a_vocabulary_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    get = GGUFReader._get

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal read
        read += 1
        return get(*arguments, **named)

    monkeypatch.setattr(GGUFReader, "_get", counted)
    metadata.read_metadata(model(tmp_path / "model.gguf"))
    assert 0 < read < len(WORDS) / 10


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_is_refused(tmp_path: Path, share: float) -> None:
    file = model(tmp_path / "model.gguf")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(APIError, match="damaged or incomplete"):
        metadata.read_metadata(file)
