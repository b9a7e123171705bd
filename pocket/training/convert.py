"""From a trained checkpoint to the GGUF file that the server loads.

llama.cpp's own converter does the work; its scripts are in the source distribution of
`llama-cpp-python` and in no wheel.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

LLAMA_CPP_PYTHON = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"

# Llama 3.2's chat format, without its system block of dates: pocket was trained without one.
CHAT_TEMPLATE = (
    "{{- bos_token }}{% for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] }}"
    "{%- if not (loop.last and message['role'] == 'assistant') %}{{- '<|eot_id|>' }}{% endif %}"
    "{% endfor %}"
    "{%- if add_generation_prompt and messages[-1]['role'] != 'assistant' %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def llama_cpp_folder(cache: Path) -> Path:
    """Return the folder of llama.cpp's scripts: LLAMA_CPP_DIR, or the pinned sources in `cache`.

    Raises `ValueError` when the downloaded archive is not the pinned one.
    """
    if given := os.environ.get("LLAMA_CPP_DIR"):
        return Path(given)
    name = f"llama_cpp_python-{LLAMA_CPP_PYTHON}"
    folder = cache / name / "vendor" / "llama.cpp"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"{name}.tar.gz"
    if not archive.exists():
        requirement = f"llama-cpp-python=={LLAMA_CPP_PYTHON}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(cache), requirement]
        subprocess.run(command, check=True)  # noqa: S603
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{archive} has the hash {digest}, expected {SHA256}")
    with tarfile.open(archive) as sources:
        sources.extractall(cache, filter="data")
    return folder


def to_gguf(checkpoint: Path, output: Path, cache: Path, outtype: str = "f16") -> None:
    """Convert the Hugging Face `checkpoint` folder into the GGUF file `output`."""
    scripts = llama_cpp_folder(cache)
    draft = output.with_suffix(".part")
    command = [sys.executable, str(scripts / "convert_hf_to_gguf.py"), str(checkpoint)]
    command += ["--outfile", str(draft), "--outtype", outtype]
    # The gguf-py beside the scripts: the published one says the same version and lacks methods.
    environment = {**os.environ, "PYTHONPATH": str(scripts / "gguf-py")}
    subprocess.run(command, check=True, env=environment, capture_output=True)  # noqa: S603
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
