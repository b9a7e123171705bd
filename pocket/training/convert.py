"""From a trained checkpoint to the GGUF file that the server loads, by llama.cpp's converter."""

import json
from pathlib import Path

from modelserver.converters import Converters

# Llama 3.2's chat format, without its system block of dates: pocket was trained without one.
CHAT_TEMPLATE = (
    "{{- bos_token }}{% for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] }}"
    "{%- if not (loop.last and message['role'] == 'assistant') %}{{- '<|eot_id|>' }}{% endif %}"
    "{% endfor %}"
    "{%- if add_generation_prompt and messages[-1]['role'] != 'assistant' %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def to_gguf(checkpoint: Path, output: Path, cache: Path, outtype: str = "f16") -> None:
    """Convert the Hugging Face `checkpoint` folder into the GGUF file `output`.

    llama.cpp's scripts are kept in `cache`. Raises `ConverterError`.
    """
    draft = output.with_suffix(".part")
    Converters(cache, print).run(
        "convert_hf_to_gguf.py", str(checkpoint), "--outfile", str(draft), "--outtype", outtype
    )
    draft.replace(output)


def write_tokenizer_config(folder: Path) -> None:
    """Write what transformers and the converter need beside tokenizer.model."""
    config = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|eot_id|>",
        "unk_token": "<unk>",
        "add_bos_token": False,
        "add_eos_token": False,
        "add_prefix_space": False,
        "legacy": False,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")
