"""The conversion where the project's folder can't be written, as in an image."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from finetuning.pipeline import base
from finetuning.pipeline.convert import convert
from finetuning.pipeline.run_folder import RunFolder
from finetuning.recipes import Recipe
from modelserver.converters import VERSION

# In the place of llama.cpp's: says where it lies.
SCRIPT = """
import pathlib, sys
pathlib.Path(sys.argv[sys.argv.index("--outfile") + 1]).write_text(__file__)
"""


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run that is trained, in a data folder that has the scripts."""
    monkeypatch.delenv("LLAMA_CPP_DIR", raising=False)
    run = RunFolder(tmp_path / "data" / "training" / "run-1")
    weights = tmp_path / "base"
    weights.mkdir()
    (weights / "model.safetensors").write_bytes(b"weights")
    run.complete("train", {"base": base.identity(str(weights))})
    run.adapter.mkdir()
    save_file({"a": np.zeros(1)}, run.adapter / "adapter_model.safetensors")
    keep_scripts(run.converters)
    return run


def keep_scripts(folder: Path) -> Path:
    """Put the script where `folder` keeps it; returns its path."""
    scripts = folder / f"llama_cpp_python-{VERSION}" / "vendor" / "llama.cpp"
    scripts.mkdir(parents=True)
    (scripts / "convert_lora_to_gguf.py").write_text(SCRIPT)
    return scripts / "convert_lora_to_gguf.py"


def converted_with(run: RunFolder, tmp_path: Path) -> Path:
    """Convert, and return the script that did it."""
    convert(run, Recipe(name="a", weights=str(tmp_path / "base"), base_model="a"))
    return Path(run.adapter_gguf.read_text()).resolve()


def test_a_project_that_cannot_be_written_leaves_the_scripts_to_the_data_folder(
    trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").write_text("No folder can be made in it, whoever asks: root may all else.")
    assert converted_with(trained, tmp_path).is_relative_to(trained.converters)


def test_a_project_that_can_keeps_them_for_all_its_installations(
    trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = keep_scripts(tmp_path / "var" / "llama.cpp")
    assert converted_with(trained, tmp_path) == project
