"""A tuned model as files: the adapter as it is, and a Modelfile beside it."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import write_text
from stories.models import WriterModel
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run that left an adapter after its preferences."""
    settings.DATA_DIR = tmp_path / "data"
    model = WriterModel.objects.create(name="tuned", base="pocket")
    made = TrainingRun.objects.create(recipe=TINY.to_dict(), state="done", model=model)
    folder = made.folder
    folder.preferred.mkdir(parents=True)
    folder.complete("preferences", {"skipped": ""})
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder.preferred / name).write_text(name)
    folder.made("convert")
    folder.adapter_gguf.write_text("gguf")
    folder.made("register")
    parameters = "PARAMETER temperature 0.3\nPARAMETER num_ctx 1024\n"
    write_text(folder.modelfile, f"FROM pocket\nADAPTER ../convert/adapter.gguf\n{parameters}")
    return made


def test_the_adapter_goes_out_with_a_modelfile(run: TrainingRun, tmp_path: Path) -> None:
    target, said = tmp_path / "out", io.StringIO()
    call_command("export_model", "tuned", str(target), stdout=said)
    assert sorted(path.name for path in target.iterdir()) == [
        "Modelfile",
        "adapter.gguf",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert (target / "Modelfile").read_text() == (
        "FROM pocket\nADAPTER ./adapter.gguf\nPARAMETER temperature 0.3\nPARAMETER num_ctx 1024\n"
    )
    assert said.getvalue().splitlines()[-1] == "There: ollama create tuned -f Modelfile"


def test_a_merged_model_goes_out_alone(run: TrainingRun, tmp_path: Path) -> None:
    run.folder.merged_gguf.write_text("whole")
    target = tmp_path / "out"
    call_command("export_model", "tuned", str(target), "--merged", stdout=io.StringIO())
    assert sorted(path.name for path in target.iterdir()) == ["Modelfile", "merged.gguf"]
    assert (target / "Modelfile").read_text().startswith("FROM ./merged.gguf\nPARAMETER temp")


def test_what_is_not_here_is_told(run: TrainingRun, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no model other"):
        call_command("export_model", "other", str(tmp_path / "out"))
    run.folder.remove_weights()
    with pytest.raises(CommandError, match="not here any more"):
        call_command("export_model", "tuned", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
