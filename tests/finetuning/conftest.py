"""Approved stories, a run's folder and real steps for the tests of the loop."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from finetuning import step_process
from finetuning.demo.demonstrations import MARKED_STORIES
from finetuning.pipeline.material import datastories
from finetuning.pipeline.run_folder import RunFolder, read_json, write_json, write_rows
from finetuning.recipes import RECIPES, Recipe
from finetuning.services import exchange
from prose import prompts
from stories.models import User
from tests.finetuning.storing.s3_server import s3_server
from tests.support.pocket import pocket

# Few steps: for tests of what happens around the training, not of what it achieves.
TINY = RECIPES["pocket"].changed({"max_steps": 4, "checkpoint_steps": 2, "pairs": 2, "rank": 2})

SCORES = {
    "loss": {"before": 1.5, "after": 0.5, "difference": -1, "low": -1.2, "high": -0.8, "count": 12},
    "drift": {"before": 0.2, "after": 0.3, "difference": 0.1, "low": 0, "high": 0.2, "count": 10},
    "compliance": {
        "before": 0.7,
        "after": 0.8,
        "difference": 0.1,
        "low": -0.1,
        "high": 0.2,
        "count": 10,
    },
    "checks": {"service": {"names": 0.5}, "candidate": {"names": 0.6}},
    "copies": {"service": 0, "candidate": 1},
    "pairs": 10,
    "verdict": "better",
    "reason": "It is so.",
}


@pytest.fixture
def trains() -> None:
    """For tests that train: the trainer's environment has to be there (`make train-env`)."""
    if not django_settings.TRAIN_PYTHON:
        pytest.fail("The trainer's environment is missing: make train-env")


@pytest.fixture
def curator(db: None) -> User:
    """An administrator, in whose name stories are approved."""
    return User.objects.create_superuser("curator", password="curator's-long-password")


@pytest.fixture
def approved(curator: User) -> int:
    """The marked stories, imported and approved; returns how many."""
    return exchange.import_file(MARKED_STORIES, curator, approve=True).added


@pytest.fixture
def store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An S3 store that adapters are kept in."""
    with s3_server() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        client.close()
        settings.MODEL_STORE = "s3://models/app"
        yield


@pytest.fixture(scope="module")
def pocket_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A pocket that takes adapters."""
    with pocket(tmp_path_factory.mktemp("models")) as url:
        yield url


@pytest.fixture(scope="module")
def refusing_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A pocket that refuses adapters, as later Ollama servers do."""
    with pocket(tmp_path_factory.mktemp("models"), "--adapters", "refuse") as url:
        yield url


def settings_of(prompt: str) -> dict[str, Any]:
    """Return the settings that made `prompt`, as a row holds them."""
    found = prompts.read_prompt(prompt)
    assert found is not None
    return found.to_dict()


def marked_rows(count: int | None = None) -> list[dict[str, Any]]:
    """Return the stories of the file as the stages take them."""
    entries = datastories.read_csv(MARKED_STORIES.read_bytes())[:count]
    return [
        {
            "story": entry.row,
            "version": 1,
            "prompt": entry.prompt,
            "text": entry.story,
            "settings": settings_of(entry.prompt),
        }
        for entry in entries
    ]


def laid_out(folder: Path, recipe: Recipe, rows: list[dict[str, Any]]) -> RunFolder:
    """Lay out a run's folder as the driver does."""
    folder.mkdir(parents=True, exist_ok=True)
    run = RunFolder(folder)
    write_rows(run.stories, rows)
    write_json(run.recipe, recipe.to_dict())
    return run


Step = Callable[[str, RunFolder], list[step_process.Event]]


@pytest.fixture
def step(trains: None) -> Step:
    """Run a step to its end as the driver does; returns what it said."""

    def done(name: str, run: RunFolder) -> list[step_process.Event]:
        with step_process.running(name, run) as process:
            return [event for event in process.events(1.0) if event]

    return done


def facts(run: RunFolder, name: str) -> Any:
    """Return a JSON file of the run, by the name that it has always had."""
    return read_json(run.path / name)
