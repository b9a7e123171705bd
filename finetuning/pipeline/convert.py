"""From the adapter to files that a model server takes: the GGUF adapter, or the merged model."""

import shutil
import subprocess
import sys
from pathlib import Path

from finetuning.pipeline import backends, base, run_folder
from finetuning.pipeline.run_folder import StageError
from finetuning.pipeline.train import ADAPTER
from finetuning.recipes import Recipe
from modelserver import converters

ADAPTER_FILE = "adapter.gguf"
MERGED_FILE = "merged.gguf"


def convert(run_dir: Path, recipe: Recipe) -> None:
    """Run the stage: the adapter as GGUF, in f16. Raises `StageError`."""
    if run_folder.manifest(run_dir, "convert") is not None:
        return
    run_folder.check_cancelled(run_dir)
    trained = run_folder.need(run_dir, "train")
    adapter = run_dir / "train" / ADAPTER
    backends.check_adapter(adapter)
    weights = base.checkpoint(run_dir, recipe)
    if trained["base"] != base.identity(weights):
        raise StageError("The adapter was trained on another base than the recipe's.")
    output = run_folder.folder(run_dir, "convert") / ADAPTER_FILE
    draft = output.with_suffix(".part")
    named = ("--base", weights) if Path(weights).is_dir() else ("--base-model-id", weights)
    converters.run(
        "convert_lora_to_gguf.py",
        *(str(adapter), "--outfile", str(draft), "--outtype", "f16", *named),
    )
    draft.replace(output)
    run_folder.log(f"The adapter takes {output.stat().st_size / 1e6:.1f} MB.")
    run_folder.complete(
        run_dir, "convert", {"adapter": ADAPTER_FILE, "bytes": output.stat().st_size}
    )


def merge(run_dir: Path, recipe: Recipe) -> None:
    """Make the merged, quantized model, for servers that refuse adapters. Raises `StageError`.

    The adapter is merged into the 16-bit base, never into one loaded in 4 bits.
    """
    output = run_folder.folder(run_dir, "convert") / MERGED_FILE
    if output.exists():
        return
    folder = run_dir / "convert" / "merged"
    run_folder.check_cancelled(run_dir)
    _merge(run_dir, recipe, folder)
    run_folder.check_cancelled(run_dir)
    draft = output.with_suffix(".part")
    kind = recipe.quantization
    # The converter writes these two by itself; for others llama-quantize goes on from f16.
    written = kind if kind in {"f16", "q8_0"} else "f16"
    converters.run(
        "convert_hf_to_gguf.py", str(folder), "--outfile", str(draft), "--outtype", written
    )
    shutil.rmtree(folder)
    if written != kind:
        _quantize(draft, kind)
    draft.replace(output)
    run_folder.log(f"The merged model takes {output.stat().st_size / 1e6:.1f} MB.")


def _merge(run_dir: Path, recipe: Recipe, folder: Path) -> None:
    from peft import PeftModel

    weights = base.checkpoint(run_dir, recipe)
    model, tokenizer = backends.load_base(weights, "float32" if _is_small(weights) else "bfloat16")
    tuned = PeftModel.from_pretrained(model, run_dir / "train" / ADAPTER)
    merged = tuned.merge_and_unload(safe_merge=True)
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
    program = converters.quantizer()
    if program is None:
        run_folder.log(
            f"llama-quantize is not installed: the model stays in f16 instead of {kind}."
        )
        return
    output = path.with_suffix(f".{kind}")
    command = [program, str(path), str(output), kind.upper()]
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:  # noqa: S603
        raise StageError(f"llama-quantize failed to make {kind}.")
    output.replace(path)
