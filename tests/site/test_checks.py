"""Faulty installations are refused with a sentence."""

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
