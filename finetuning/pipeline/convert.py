"""From the adapter to files that a model server takes: the GGUF adapter, or the merged model."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from finetuning.pipeline import backends, base
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import StageError, log
from finetuning.recipes import Recipe
from modelserver.converters import ConverterError, Converters, quantizer
from prose import said

_LLAMA_CPP = Path("var") / "llama.cpp"


def convert(run: RunFolder, recipe: Recipe) -> None:
    """Run the stage: the adapter as GGUF, in f16. Raises `StageError`."""
    if run.manifest("convert") is not None:
        return
    run.check_cancelled()
    trained = run.need("train")
    adapter = run.adapter
    backends.check_adapter(adapter)
    weights = base.checkpoint(run, recipe)
    if trained["base"] != base.identity(weights):
        raise StageError(said("The adapter was trained on another base than the recipe's."))
    run.made("convert")
    output = run.adapter_gguf
    draft = output.with_suffix(".part")
    named = ("--base", weights) if Path(weights).is_dir() else ("--base-model-id", weights)
    _convert(
        run,
        "convert_lora_to_gguf.py",
        *(str(adapter), "--outfile", str(draft), "--outtype", "f16", *named),
    )
    draft.replace(output)
    log(f"The adapter takes {output.stat().st_size / 1e6:.1f} MB.")
    run.complete("convert", {"adapter": output.name, "bytes": output.stat().st_size})


def merge(run: RunFolder, recipe: Recipe) -> None:
    """Make the merged, quantized model, for servers that refuse adapters. Raises `StageError`.

    The adapter is merged into the 16-bit base, never into one loaded in 4 bits.
    """
    run.made("convert")
    output = run.merged_gguf
    if output.exists():
        return
    folder = run.merged
    run.check_cancelled()
    _merge(run, recipe)
    run.check_cancelled()
    draft = output.with_suffix(".part")
    kind = recipe.quantization
    # The converter writes these two by itself; for others llama-quantize goes on from f16.
    written = kind if kind in {"f16", "q8_0"} else "f16"
    script = "convert_hf_to_gguf.py"
    _convert(run, script, str(folder), "--outfile", str(draft), "--outtype", written)
    shutil.rmtree(folder)
    if written != kind:
        _quantize(draft, kind)
    draft.replace(output)
    log(f"The merged model takes {output.stat().st_size / 1e6:.1f} MB.")


def _convert(run: RunFolder, script: str, *arguments: str) -> None:
    try:
        Converters(_kept(run), log).run(script, *arguments)
    except ConverterError as error:
        raise StageError(str(error)) from error


def _kept(run: RunFolder) -> Path:
    """Return where the scripts are kept: an image's project is read-only, its data folder is not.

    Installations that run from one clone share what was fetched.
    """
    try:
        _LLAMA_CPP.mkdir(parents=True, exist_ok=True)
    except OSError:
        return run.converters
    return _LLAMA_CPP if os.access(_LLAMA_CPP, os.W_OK | os.X_OK) else run.converters


def _merge(run: RunFolder, recipe: Recipe) -> None:
    from peft import PeftModel

    weights = base.checkpoint(run, recipe)
    model, tokenizer = backends.load_base(weights, "float32" if _is_small(weights) else "bfloat16")
    tuned = PeftModel.from_pretrained(model, run.adapter)
    folder, merged = run.merged, tuned.merge_and_unload(safe_merge=True)
    merged.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if Path(weights).is_dir():
        # The converter reads SentencePiece's own file; transformers saves another form of it.
        for name in ("tokenizer.model", "tokenizer_config.json"):
            if (Path(weights) / name).exists():
                shutil.copy(Path(weights) / name, folder)
        if (folder / "tokenizer.model").exists():
            (folder / "tokenizer.json").unlink(missing_ok=True)


def _is_small(weights: str) -> bool:
    folder = Path(weights)
    return folder.is_dir() and sum(f.stat().st_size for f in folder.iterdir()) < 1 << 30


def _quantize(path: Path, kind: str) -> None:
    program = quantizer()
    if program is None:
        log(f"llama-quantize is not installed: the model stays in f16 instead of {kind}.")
        return
    output = path.with_suffix(f".{kind}")
    command = [program, str(path), str(output), kind.upper()]
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:  # noqa: S603
        raise StageError(said("llama-quantize failed to make %(kind)s.", kind=kind))
    output.replace(path)
