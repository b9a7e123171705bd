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


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """Return the whole configuration, of all profiles, with the example's variables."""
    program = shutil.which("docker-compose", path=Path(sys.executable).parent)
    assert program, "docker-compose is one of requirements-dev.txt"
    command = [program, "--env-file", "docker/env.example", "--profile", "*"]
    done = subprocess.run(
        [*command, "config", "--format", "json"],
        cwd=ROOT,
        env=SECRETS,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
