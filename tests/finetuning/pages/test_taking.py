"""What a run has made, to take away from its page; what is not here is told."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from finetuning import recipe_files
from finetuning.models import TrainingExample, TrainingRun
from finetuning.pages import taking
from finetuning.pipeline.run_folder import write_text
from stories.models import Story, User, WriterModel
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run that left a model's files."""
    settings.DATA_DIR = tmp_path
    model = WriterModel.objects.create(name="tuned", base="pocket", state="candidate")
    made = TrainingRun.objects.create(recipe=TINY.to_dict(), state="done", model=model)
    folder = made.folder
    folder.trained.mkdir(parents=True)
    for stage, facts in (("train", {}), ("preferences", {"skipped": "too few"})):
        folder.complete(stage, facts)
    (folder.trained / "adapter_config.json").write_text("{}")
    (folder.trained / "adapter_model.safetensors").write_bytes(b"weights" * 100_000)
    folder.made("convert")
    folder.adapter_gguf.write_bytes(b"GGUF" * 300)
    folder.made("register")
    write_text(folder.modelfile, "FROM pocket\nADAPTER ../convert/adapter.gguf\n")
    folder.made("export")
    write_text(folder.train, '{"text": "a story"}\n')
    return made


@pytest.fixture
def staff(client: Client) -> User:
    """A signed-in curator."""
    user = User.objects.create_user("staff", password="x", is_staff=True)
    client.force_login(user)
    return user


def taken(client: Client, run: TrainingRun, word: str) -> Any:
    """Ask for one of the run's files; where it is not here, follow to what is told."""
    return client.get(f"/teach/runs/{run.pk}/take/{word}/", follow=True)


def test_the_files_of_a_run_are_taken_from_its_page(
    client: Client, staff: User, run: TrainingRun
) -> None:
    page = client.get(f"/teach/runs/{run.pk}/").content.decode()
    for word in ("recipe", "adapter", "modelfile", "weights", "config"):
        assert f"/teach/runs/{run.pk}/take/{word}/" in page
    assert "683.6\xa0KB" in page
    assert "ollama create tuned -f Modelfile" in page
    assert "/take/merged" not in page
    recipe = taken(client, run, "recipe")
    assert recipe.headers["Content-Disposition"] == f'attachment; filename="run-{run.pk}.toml"'
    assert recipe_files.read(recipe.content) == TINY
    weights = taken(client, run, "weights")
    assert (weights.streaming, weights.headers["Content-Length"]) == (True, "700000")
    assert weights.getvalue() == b"weights" * 100_000
    assert 'filename="adapter_model.safetensors"' in weights.headers["Content-Disposition"]
    assert taken(client, run, "modelfile").content == b"FROM pocket\nADAPTER ./adapter.gguf\n"
    run.folder.merged_gguf.write_bytes(b"whole")
    assert b"/take/merged-modelfile/" in client.get(f"/teach/runs/{run.pk}/").content
    assert taken(client, run, "merged").getvalue() == b"whole"
    assert taken(client, run, "merged-modelfile").content == b"FROM ./merged.gguf\n"


async def test_a_file_is_sent_block_by_block(tmp_path: Path) -> None:
    path = tmp_path / "adapter.gguf"
    path.write_bytes(b"x" * 150_000)
    answer = taking._streamed(path)
    assert [len(block) async for block in answer] == [65_536, 65_536, 18_928]
    answer.close()


def test_only_staff_take_and_only_what_is_named(
    client: Client, alice: User, staff: User, run: TrainingRun
) -> None:
    for word in ("train", "stories", "..", "adapter.gguf"):
        assert client.get(f"/teach/runs/{run.pk}/take/{word}/").status_code == 404
    assert client.get(f"/teach/runs/{run.pk + 1}/take/recipe/").status_code == 404
    client.force_login(alice)
    for word in ("recipe", "adapter", "modelfile", "weights"):
        assert client.get(f"/teach/runs/{run.pk}/take/{word}/").status_code == 404


def test_what_is_not_here_is_told(
    client: Client, staff: User, run: TrainingRun, story: Story
) -> None:
    TrainingExample.objects.create(run=run, story=story, version=1, side="train")
    page = client.get(f"/teach/runs/{run.pk}/").content.decode()
    assert "1 of the stories that taught it has been withdrawn since." in page
    assert "not on this machine" in taken(client, run, "merged").content.decode()
    run.folder.remove_weights()
    page = client.get(f"/teach/runs/{run.pk}/").content.decode()
    assert "another machine has trained it" in page
    assert f"/teach/runs/{run.pk}/take/adapter/" not in page
    for word in ("adapter", "weights", "modelfile"):
        assert "This file is not on this machine" in taken(client, run, word).content.decode()
    assert tomllib.loads(taken(client, run, "recipe").content.decode())["recipe"] == "pocket"
    TrainingRun.objects.filter(pk=run.pk).update(recipe={**TINY.to_dict(), "older": 1})
    told = taken(client, run, "recipe").content.decode()
    assert "This is not a recipe of this version." in told
