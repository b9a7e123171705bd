"""Do transformers, llama.cpp and the training see the same token ids?

Two runtimes that split a text differently write broken words, and nothing else tells.
"""

import os
import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from pocket import corpus
from pocket.server import prompts
from pocket.training import convert, tokens

COUNT = 1000
# Where white space, marks and scripts trip tokenizers up.
ODD_TEXTS = (
    "",
    " ",
    "\n\n",
    "  two  spaces ",
    "Zoë 👩‍👩‍👧 שלום e\u0301 123,456",
    "tab\tand\u00a0space",
    "…—“quotes”",
    "0140 1400 1250 14.5 1,400 R2D2 9999999",
)


def llama_server(weights: Path) -> Any:
    """Return llama.cpp's own server on the model file `weights`."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.verbosity = -1
    return xllamacpp.Server(parameters)


def transformers_tokenizer(folder: Path) -> Any:
    """Return the tokenizer in `folder` as transformers reads it."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(folder / "tokenizer.model", copy)
        convert.write_tokenizer_config(Path(copy))
        return AutoTokenizer.from_pretrained(copy)


def llama_ids(client: httpx.Client, text: str) -> list[int]:
    """Return llama.cpp's ids of `text`, special tokens read as such."""
    body = {"content": text, "add_special": False, "parse_special": True}
    ids: list[int] = client.post("/tokenize", json=body).json()["tokens"]
    return ids


def chats(count: int) -> list[tuple[str, str]]:
    """Return `count` prompts with the beginnings of their answers, odd ones among them."""
    examples = islice(corpus.examples(21), count - len(ODD_TEXTS))
    written = [(example.prompt, example.prefill) for example in examples]
    return [*written, *((text, "") for text in ODD_TEXTS)]


def agreement(folder: Path) -> dict[str, int]:
    """Return of how many chats the ids are the same everywhere, for the model in `folder`."""
    ours, theirs = tokens.load_tokenizer(folder), transformers_tokenizer(folder)
    server = llama_server(folder / "pocket.gguf")
    same = 0
    with httpx.Client(base_url=server.listening_address, trust_env=False) as client:
        for prompt, prefill in chats(COUNT):
            messages = [{"role": "user", "content": prompt}]
            if prefill:
                messages.append({"role": "assistant", "content": prefill})
            rendered = prompts.render(convert.CHAT_TEMPLATE, messages)
            expected = tokens.chat_ids(ours, prompt, prefill)
            same += (
                llama_ids(client, rendered) == expected
                and theirs(rendered, add_special_tokens=False)["input_ids"] == expected
            )
    return {"token_texts": COUNT, "token_texts_equal": same}
