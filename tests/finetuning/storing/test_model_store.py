"""Adapters in a store of S3's API: whole or not at all, and gone with the model."""

import io
from pathlib import Path

import boto3
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from finetuning import driver
from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import StageError
from finetuning.services import forgetting, model_store, storage
from tests.finetuning.conftest import TINY
from tests.support.processes import free_port

pytestmark = pytest.mark.django_db
FILES = ["adapter.gguf", "adapter_config.json", "adapter_model.safetensors"]


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run that has converted its adapter."""
    settings.DATA_DIR = tmp_path / "data"
    made = TrainingRun.objects.create(recipe=TINY.to_dict(), state="running")
    folder = made.folder
    folder.trained.mkdir(parents=True)
    (folder.trained / "adapter_config.json").write_text("{}")
    (folder.trained / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 40_000)
    folder.made("convert")
    folder.adapter_gguf.write_bytes(b"GGUF" * 1000)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the files of a folder hold."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stored(settings: Settings) -> list[str]:
    """Return the keys in the store."""
    listed = boto3.client("s3").list_objects_v2(Bucket="models")
    assert settings.MODEL_STORE == "s3://models/app"
    return [each["Key"] for each in listed.get("Contents", ())]


@pytest.mark.usefixtures("store")
def test_an_adapter_is_fetched_as_it_was_stored(
    run: TrainingRun, settings: Settings, tmp_path: Path
) -> None:
    target, told = tmp_path / "out", io.StringIO()
    assert model_store.keep(run.pk, run.folder)
    assert not model_store.keep(run.pk, run.folder), "a run that is resumed sends nothing twice"
    call_command("fetch_model", str(run.pk), str(target), stdout=told)
    assert sorted(contents(target)) == FILES
    assert contents(target) == {
        **contents(run.folder.trained),
        "adapter.gguf": run.folder.adapter_gguf.read_bytes(),
    }
    assert told.getvalue().count("Wrote ") == 3

    # Another one in its place, of which a part is lost.
    run.folder.adapter_gguf.write_bytes(b"GGUF" * 2000)
    assert model_store.keep(run.pk, run.folder)
    key = f"app/run-{run.pk}/adapter.gguf"
    boto3.client("s3").put_object(Bucket="models", Key=key, Body=b"GGUF")
    with pytest.raises(CommandError, match=r"adapter\.gguf in s3://models/app is not what"):
        call_command("fetch_model", str(run.pk), str(target))
    assert (target / "adapter.gguf").read_bytes() == b"GGUF" * 1000
    assert sorted(contents(target)) == FILES


@pytest.mark.usefixtures("store")
def test_what_goes_here_goes_there(run: TrainingRun, settings: Settings, tmp_path: Path) -> None:
    model_store.keep(run.pk, run.folder)
    other = TrainingRun.objects.create(recipe=TINY.to_dict(), state="done")
    model_store.keep(other.pk, run.folder)
    with forgetting.alone():
        forgetting.start_over(run)  # of a withdrawn story
    assert {key.split("/")[1] for key in stored(settings)} == {f"run-{other.pk}"}
    with pytest.raises(CommandError, match=f"has no files of run {run.pk}"):
        call_command("fetch_model", str(run.pk), str(tmp_path / "out"))

    other.folder.made("convert")
    TrainingRun.objects.create(recipe=TINY.to_dict(), state="failed")  # the last one can resume
    storage.tidy()
    assert not other.folder.has_weights
    assert stored(settings) == []


def test_a_store_that_is_away_fails_the_run_in_a_sentence(
    run: TrainingRun, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not model_store.keep(run.pk, RunFolder(tmp_path)), "without a store, nothing is read"
    with pytest.raises(CommandError, match="MODEL_STORE is not set"):
        call_command("fetch_model", "1", str(tmp_path))
    settings.MODEL_STORE = "s3://models/app"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody-may-read-this")
    with pytest.raises(StageError, match="s3://models/app can't be used: ") as failed:
        driver._keep_in_store(driver._Drive(run, print))
    assert "nobody-may-read-this" not in str(failed.value)
    assert not storage.remove_from_store(run), "the weights stay until it can be told"
