"""transformers, llama.cpp and the training see the same token ids."""

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from pocket import convert, corpus, tokens
from pocket.__main__ import SHIPPED
from pocket.server import prompts

os.environ.setdefault("HF_HUB_OFFLINE", "1")
COUNT = 1000
ODD = [
    "",
    " ",
    "\n\n",
    "  two  spaces ",
    "Zoë 👩‍👩‍👧 שלום e\u0301 123,456",
    "tab\tand\u00a0space",
    "…—“quotes”",
]


@pytest.fixture(scope="module")
def ours() -> Any:
    """The shipped SentencePiece tokenizer."""
    return tokens.load_tokenizer(SHIPPED)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same one in transformers."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    shutil.copy(SHIPPED / "tokenizer.model", folder)
    convert.write_tokenizer_config(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def llama() -> Iterator[httpx.Client]:
    """llama.cpp's own server on the shipped model."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(SHIPPED / "pocket.gguf")
    parameters.verbosity = -1
    server = xllamacpp.Server(parameters)
    with httpx.Client(base_url=server.listening_address, trust_env=False) as client:
        yield client


def llama_ids(llama: httpx.Client, text: str) -> list[int]:
    """Return llama.cpp's ids of `text`, special tokens read as such."""
    body = {"content": text, "add_special": False, "parse_special": True}
    ids: list[int] = llama.post("/tokenize", json=body).json()["tokens"]
    return ids


def test_the_same_ids_everywhere(ours: Any, theirs: Any, llama: httpx.Client) -> None:
    examples = list(islice(corpus.examples(21), COUNT - len(ODD)))
    chats = [(example.prompt, example.prefill) for example in examples] + [(t, "") for t in ODD]
    for prompt, prefill in chats:
        messages = [{"role": "user", "content": prompt}]
        if prefill:
            messages.append({"role": "assistant", "content": prefill})
        rendered = prompts.render(convert.CHAT_TEMPLATE, messages)
        expected = tokens.chat_ids(ours, prompt, prefill)
        assert llama_ids(llama, rendered) == expected
        assert theirs(rendered, add_special_tokens=False)["input_ids"] == expected


def test_the_same_stories_everywhere(ours: Any, theirs: Any, llama: httpx.Client) -> None:
    for text in [*ODD, *(example.completion for example in islice(corpus.examples(22), 200))]:
        ids = ours.encode(text)
        assert llama_ids(llama, text) == ids
        assert theirs(text, add_special_tokens=False)["input_ids"] == ids
        assert ours.decode(ids) == text


def test_the_template_is_transformers_too(theirs: Any) -> None:
    messages = [{"role": "user", "content": "Write."}]
    rendered = theirs.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert rendered == prompts.render(convert.CHAT_TEMPLATE, messages)


def test_a_tokenizer_is_trained_without_touching_white_space(tmp_path: Path) -> None:
    texts = (example.story for example in islice(corpus.examples(23), 3000))
    trained = tokens.train_tokenizer(texts, tmp_path)
    for text in ODD:
        assert trained.decode(trained.encode(text)) == text
    assert trained.bos_id() != trained.eos_id()
    assert tokens.completion_ids(trained, "The end.")[-1] == trained.eos_id()
