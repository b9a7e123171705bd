"""What the room loads: no Django ever, and for the trainer nothing that has to be installed."""

import os
import subprocess
import sys

PIPELINE = """
import sys
from finetuning.pipeline import __main__, compare, register
import modelserver
assert modelserver.chat and modelserver.abilities and modelserver.close
assert "aiohttp" in sys.modules
print([name for name in sys.modules if name.split(".")[0] == "django"])
"""
TRAINER = """
import sys
for name in ("aiohttp", "django", "httpx", "httpx_aiohttp", "ollama"):
    sys.modules[name] = None  # importing it fails
from finetuning.pipeline import __main__
from modelserver import Server, converters
Server.from_environment({})
print([])
"""


def test_the_steps_that_ask_the_server_load_no_django() -> None:
    assert run(PIPELINE) == "[]"


def test_the_trainer_needs_no_client() -> None:
    assert run(TRAINER) == "[]"


def run(program: str) -> str:
    """Return what a Python program prints, where OLLAMA_HOST lists several servers."""
    several = {**os.environ, "OLLAMA_HOST": "http://127.0.0.1:4 slots=2, http://127.0.0.1:5"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=several)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
