"""Two ways to the same adapter: Unsloth on a GPU that has it, plain PEFT anywhere.

Both return (model with a LoRA adapter, tokenizer); what follows is the same. Unsloth has to be
imported before trl, transformers and peft, which is why `choose` comes before any of them.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Protocol

from finetuning.pipeline import base
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import StageError, log
from finetuning.recipes import PROJECTIONS, Recipe
from prose import said


class Backend(Protocol):
    """How a base is loaded and given its adapter."""

    def __call__(self, recipe: Recipe, weights: str, max_length: int) -> tuple[Any, Any]:
        """Return the model, with a new adapter to be trained, and the tokenizer."""


def choose(recipe: Recipe) -> Backend:
    """Return the recipe's backend, or what the machine has, and say which. Raises `StageError`."""
    import torch

    has_gpu = torch.cuda.is_available()
    has_unsloth = importlib.util.find_spec("unsloth") is not None
    name = recipe.backend
    if name == "auto":
        name = "unsloth" if has_gpu and has_unsloth else "peft"
    if name == "unsloth" and not (has_gpu and has_unsloth):
        lacking = "a CUDA GPU" if not has_gpu else "Unsloth (requirements-train-gpu.txt)"
        raise StageError(
            said(
                "The recipe asks for the backend unsloth, and here is no %(lacking)s.",
                lacking=lacking,
            )
        )
    log(f"Backend: {name}, on {torch.cuda.get_device_name() if has_gpu else 'the CPU'}.")
    if name == "peft":
        return load_peft
    importlib.import_module("unsloth")  # before trl, transformers and peft, which it patches
    return load_unsloth


def load_unsloth(recipe: Recipe, weights: str, max_length: int) -> tuple[Any, Any]:
    """Load with Unsloth, in 4 bits if the recipe says so."""
    from unsloth import FastLanguageModel

    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=weights,
        max_seq_length=max_length,
        load_in_4bit=recipe.load_in_4bit,
    )
    model = FastLanguageModel.get_peft_model(
        model,
        r=recipe.rank,
        target_modules=list(PROJECTIONS),
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        bias="none",
        use_gradient_checkpointing="unsloth",
        random_state=recipe.seed,
        use_rslora=False,
    )
    return model, tokenizer


def load_peft(recipe: Recipe, weights: str, max_length: int) -> tuple[Any, Any]:
    """Load with transformers and PEFT."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(recipe.seed)
    model, tokenizer = load_base(weights, precision(recipe))
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=list(PROJECTIONS),
        bias="none",
        task_type="CAUSAL_LM",
    )
    # The adapter itself is kept in float32, whatever the base is in.
    return get_peft_model(model, config, autocast_adapter_dtype=True), tokenizer


def precision(recipe: Recipe) -> str:
    """Return what the recipe is computed in here: bfloat16 or float32.

    Without instructions of its own for bfloat16, a processor takes longer with it than with
    float32; with AMX it takes a fraction.
    """
    import torch

    if recipe.precision != "auto":
        return recipe.precision
    is_quick = torch.cuda.is_available() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if is_quick else "float32"


def load_base(weights: str, precision: str) -> tuple[Any, Any]:
    """Return the base in `precision`, and its tokenizer. Raises `StageError`."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = AutoModelForCausalLM.from_pretrained(
            weights, dtype=getattr(torch, precision), use_safetensors=True
        )
        return model.to(device), AutoTokenizer.from_pretrained(weights)
    except SafetensorError as error:
        raise StageError(said("The base model's weights are damaged or incomplete.")) from error
    except OSError as error:
        raise StageError(
            said(
                "The base model %(weights)s can't be loaded: %(error)s",
                weights=weights,
                error=_first_line(error),
            )
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:300]


def take_over(model: Any, adapter: Path, weights: str) -> None:
    """Let `model`'s new adapter begin with the values of the one in folder `adapter`.

    Raises `StageError` when that one belongs to another base or has another shape.
    """
    from safetensors.torch import load_file

    facts = RunFolder.of_adapter(adapter).manifest("train") or {}
    if facts.get("base") != base.identity(weights):
        raise StageError(
            said("The model in service was tuned from another base than the recipe's.")
        )
    check_adapter(adapter)
    from peft import set_peft_model_state_dict

    try:
        result = set_peft_model_state_dict(model, load_file(adapter / "adapter_model.safetensors"))
    except RuntimeError as error:
        raise StageError(
            said(
                "The adapter of the model in service has another shape than the recipe's: "
                "choose the same rank, or start from the base."
            )
        ) from error
    if result.unexpected_keys:
        raise StageError(said("The adapter of the model in service does not fit the base."))


def check_adapter(adapter: Path) -> None:
    """Raise `StageError` unless folder `adapter` holds a whole safetensors adapter."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(adapter / "adapter_model.safetensors", "np") as tensors:
            if not list(tensors.keys()):
                raise StageError(said("The adapter's file is empty."))
    except FileNotFoundError as error:
        raise StageError(said("The adapter's file is missing.")) from error
    except SafetensorError as error:
        raise StageError(said("The adapter's file is damaged or incomplete.")) from error
