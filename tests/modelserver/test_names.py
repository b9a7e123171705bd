"""Names of models are compared as Ollama compares them."""

import pytest

from modelserver import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("llama3.2", "llama3.2:latest"),
        ("llama3.2", "Llama3.2:LATEST"),
        ("llama3.2:3b", "LLAMA3.2:3B"),
        ("llama3.2", "library/llama3.2"),
        ("llama3.2", "registry.ollama.ai/library/llama3.2:latest"),
        ("llama3.2", "https://registry.ollama.ai/library/llama3.2"),
        ("someone/tale", "registry.ollama.ai/someone/tale:latest"),
        ("hf.co/bartowski/Llama-3.2-3B-GGUF:Q4_K_M", "hf.co/Bartowski/llama-3.2-3b-gguf:q4_k_m"),
        ("host:5000/us/tale", "HOST:5000/us/tale:latest"),
    ],
)
def test_spellings_of_one_model(one: str, other: str) -> None:
    assert names.same(one, other)
    assert names.same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("llama3.2", "llama3.2:1b"),
        ("llama3.2", "llama3"),
        ("llama3.2", "someone/llama3.2"),
        ("llama3.2", "llama3.2:"),
        ("llama3.2", ""),
        ("hf.co/us/tale", "us/tale"),
        ("hf.co/us/tale:Q4_K_M", "hf.co/us/tale:Q8_0"),
        ("host:5000/us/tale", "host:5001/us/tale"),
    ],
)
def test_names_of_different_models(one: str, other: str) -> None:
    assert not names.same(one, other)


def test_the_parts_of_a_name() -> None:
    assert names.parse("HF.co/us/Tale-GGUF:Q4") == ("hf.co", "us", "tale-gguf", "q4")
    assert names.parse("llama3.2").model == "llama3.2"
