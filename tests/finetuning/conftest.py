"""Approved stories, a run's folder and real steps for the tests of the loop."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from finetuning import step_process
from finetuning.pipeline import datastories, run_folder
from finetuning.recipes import RECIPES, Recipe
from finetuning.services import exchange
from stories.models import User
from tests.finetuning.loop import STORIES
from tests.support.pocket import pocket

# Few steps: for tests of what happens around the training, not of what it achieves.
TINY = RECIPES["pocket"].changed({"max_steps": 4, "checkpoint_steps": 2, "pairs": 2, "rank": 2})


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
    return exchange.import_csv(STORIES, curator, approve=True)


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


def marked_rows(count: int | None = None) -> list[dict[str, Any]]:
    """Return the stories of the file as the stages take them."""
    entries = datastories.read_csv(STORIES.read_bytes())[:count]
    return [
        {
            "story": entry.row,
            "version": 1,
            "prompt": entry.prompt,
            "text": entry.story,
            "settings": datastories.parse_prompt(entry.prompt),
        }
        for entry in entries
    ]


def laid_out(folder: Path, recipe: Recipe, rows: list[dict[str, Any]]) -> Path:
    """Lay out a run's folder as the driver does."""
    folder.mkdir(parents=True, exist_ok=True)
    run_folder.write_rows(folder / "stories.jsonl", rows)
    run_folder.write_json(folder / "recipe.json", recipe.to_dict())
    return folder


Step = Callable[[str, Path], list[step_process.Event]]


@pytest.fixture
def step(trains: None) -> Step:
    """Run a step to its end as the driver does; returns what it said."""

    def run(name: str, folder: Path) -> list[step_process.Event]:
        with step_process.running(name, folder, folder / "log.txt") as process:
            return [event for event in process.events(1.0) if event]

    return run


def facts(folder: Path, name: str) -> Any:
    """Return a JSON file of the run."""
    return json.loads((folder / name).read_text())
