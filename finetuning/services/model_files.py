"""A tuned model as files, for another machine's Ollama or another trainer."""

import shutil
from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext as _

from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import RunFolder, write_text
from stories.models import WriterModel

_OWN = ("FROM", "ADAPTER")  # lines of a Modelfile that name files
# What there is to take, by its word in an address. No story is in any of it.
_ON_DISK: dict[str, Callable[[RunFolder], Path]] = {
    "adapter": lambda folder: folder.adapter_gguf,
    "weights": lambda folder: folder.adapter / "adapter_model.safetensors",
    "config": lambda folder: folder.adapter / "adapter_config.json",
    "merged": lambda folder: folder.merged_gguf,
}


class NoFilesError(Exception):
    """The files of a model are not here (any more)."""


def folder_of(model: WriterModel) -> RunFolder:
    """Return the folder of the run that made `model`. Raises `NoFilesError`."""
    run = TrainingRun.objects.filter(model=model).first()
    if run is None or not run.folder.adapter_gguf.is_file() or not run.folder.adapter.is_dir():
        told = _("The files of %(model)s are not here any more.")
        raise NoFilesError(told % {"model": model})
    return run.folder


def on_disk(model: WriterModel) -> dict[str, Path]:
    """Return the files that are there, by their word in an address. Raises `NoFilesError`."""
    folder = folder_of(model)
    found = {word: place(folder) for word, place in _ON_DISK.items()}
    return {word: path for word, path in found.items() if path.is_file()}


def adapter(model: WriterModel) -> dict[str, Path]:
    """Return what of the adapter can be taken along, by name: for Ollama, and for PEFT.

    Raises `NoFilesError`.
    """
    folder = folder_of(model)
    kept = [folder.adapter / name for name in ("adapter_config.json", "adapter_model.safetensors")]
    return {path.name: path for path in (folder.adapter_gguf, *kept)}


def modelfile(model: WriterModel, merged: bool = False) -> str:
    """Return the Modelfile for files that lie beside it. Raises `NoFilesError`."""
    folder = folder_of(model)
    said = folder.modelfile.read_text(encoding="utf-8").splitlines(keepends=True)
    rest = "".join(line for line in said if not line.startswith(_OWN))
    if merged:
        return f"FROM ./{folder.merged_gguf.name}\n{rest}"
    return f"FROM {model.base}\nADAPTER ./{folder.adapter_gguf.name}\n{rest}"


def create_command(model: WriterModel) -> str:
    """Return what makes the model on an Ollama, said in the folder of its files."""
    return f"ollama create {model.name} -f Modelfile"


def write(model: WriterModel, target: Path, merged: bool = False) -> list[Path]:
    """Copy the model's files into the folder `target`, with a Modelfile, and return them.

    `merged`: the merged model, which has to be made already, and not the adapter. Raises
    `NoFilesError` and `OSError`.
    """
    folder = folder_of(model)
    files = {folder.merged_gguf.name: folder.merged_gguf} if merged else adapter(model)
    target.mkdir(parents=True, exist_ok=True)
    made = [Path(shutil.copyfile(path, target / name)) for name, path in files.items()]
    write_text(target / "Modelfile", modelfile(model, merged))
    return [*made, target / "Modelfile"]
