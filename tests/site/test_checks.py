"""Faulty installations are refused with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from storaiteller_site import checks


@pytest.mark.parametrize("key", ["short", "django-insecure-" + "x" * 50, "CHANGEME" * 10])
def test_placeholder_keys_are_refused(settings: Settings, key: str) -> None:
    settings.SECRET_KEY = key
    assert [error.id for error in checks.check_secret_key(None)] == ["storaiteller.E001"]


def test_a_real_key_passes(settings: Settings) -> None:
    settings.SECRET_KEY = "k3yS-of_50.random" * 3
    assert checks.check_secret_key(None) == []


def test_a_missing_data_folder_is_refused(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    assert checks.check_data_dir(None) == []
    settings.DATA_DIR = tmp_path / "missing"
    assert [error.id for error in checks.check_data_dir(None)] == ["storaiteller.E002"]


@pytest.mark.parametrize(("model", "slots"), [("pocket", 4), ("llama3.2", 1)])
def test_a_model_server_is_asked_for_as_many_answers_as_it_writes(model: str, slots: int) -> None:
    own = {"STORY_MODEL": model, "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings"}
    inherited = {name: value for name, value in os.environ.items() if name != "GENERATION_SLOTS"}
    program = "from django.conf import settings; print(settings.GENERATION_SLOTS)"
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, env={**inherited, **own}, capture_output=True, check=True)
    assert int(told.stdout) == slots


@pytest.mark.parametrize(
    "setting", ["GENERATION_SLOTS=0", "GENERATION_SLOTS=many", "QUEUE_LIMIT=-1"]
)
def test_a_senseless_number_is_refused_in_one_sentence(setting: str) -> None:
    name, value = setting.split("=")
    environment = {**os.environ, name: value, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert name in sentence
