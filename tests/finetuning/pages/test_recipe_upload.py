"""A recipe's file on the page: looked at, its values shown, and started by a click alone."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from pytest_django import Settings

from finetuning import recipe_files
from finetuning.models import TrainingRun
from finetuning.recipes import RECIPES
from stories.models import User
from tests.finetuning.test_recipes import form_data

pytestmark = pytest.mark.django_db

NEW = "/teach/runs/new/"
OWN = RECIPES["pocket-tiny"].changed({"rank": 3, "learning_rate": 0.00005, "epochs": 7})


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path, client: Client, curator: User) -> None:
    settings.DATA_DIR = tmp_path
    settings.TRAIN_PYTHON = settings.TRAIN_PYTHON or "python3"
    settings.CELERY_TASK_ALWAYS_EAGER = False
    client.force_login(curator)


def look(client: Client, data: str | bytes | None, **more: str) -> Any:
    """Let a file be looked at, with what stands in the form beside it."""
    brought = data.encode() if isinstance(data, str) else data
    file = {} if brought is None else {"file": ContentFile(brought, name="own.toml")}
    return client.post(f"{NEW}?recipe=pocket", {"look": "1", "rank": "9", **more, **file})


def test_a_files_values_are_shown_and_start_by_a_click(client: Client) -> None:
    answer = look(client, recipe_files.write(OWN), strength="gentle")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not TrainingRun.objects.exists()
    assert "It begins with pocket-tiny" in page
    own = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+) instead of", page))
    assert own.keys() == {"LoRA rank", "Learning rate", "Epochs"}
    assert own["LoRA rank"] == "3"
    assert 'action="?recipe=pocket-tiny"' in page
    shown = dict(re.findall(r'<input type="text" name="(\w+)" value="([^"]*)"', page))
    assert (shown["rank"], float(shown["learning_rate"]), shown["epochs"]) == ("3", 5e-5, "7")
    client.post(f"{NEW}?recipe=pocket-tiny", form_data(OWN) | shown)
    assert TrainingRun.objects.get().recipe_values == OWN


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ('recipe = "pocket"\n[values]\nrank = 0', "rank: Gib eine Zahl von 1 bis 256 ein."),
        ('recipe = "pocket"\n[values]\nweights = "/etc/passwd"', "weights: "),
        ("recipe = <b>", "recipe: "),
        (b"\xff\xfe\x00", "recipe: "),
        (f"{'a.' * 9_000}a = 1", "recipe: Ein Rezept hat höchstens 5.000 Byte."),
        ("#" * 3_600_000, "5.000"),
        (None, ""),
    ],
)
def test_what_is_wrong_with_a_file_is_told_beside_it(
    client: Client, data: str | bytes | None, told: str
) -> None:
    client.cookies["storaiteller_language"] = "de"
    answer = look(client, data)
    page = answer.content.decode()
    assert answer.status_code == 422
    beside = page.partition('id="file-told"')[2].partition("</div>")[0]
    problems = re.findall(r'<p class="error" role="alert">([^<]+)</p>', beside)
    assert problems, beside
    assert told in problems[0]
    assert not TrainingRun.objects.exists()


def test_a_file_from_elsewhere_is_refused(curator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(curator)
    assert look(client, recipe_files.write(OWN)).status_code == 403
