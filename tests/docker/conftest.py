"""The compose file as Docker Compose itself reads it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"SECRET_KEY": "k3yS-of_50.random" * 3, "POSTGRES_PASSWORD": "0123456789abcdef"}


def read_by_compose(
    *files: str, example: str = "docker/env.example", profile: str = "*", **more: str
) -> dict[str, Any]:
    """Return the configuration in `files` for a profile, with `more` than the example's variables.

    Raises `CalledProcessError` where Docker Compose refuses it.
    """
    program = shutil.which("docker-compose", path=Path(sys.executable).parent)
    assert program, "docker-compose is one of requirements-dev.txt"
    named = [part for file in files for part in ("--file", file)]
    done = subprocess.run(
        [program, "--env-file", example, *named, "--profile", profile, "config", "--format=json"],
        cwd=ROOT,
        env=SECRETS | more,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """Return the whole configuration, of all profiles, with the example's variables."""
    return read_by_compose()
