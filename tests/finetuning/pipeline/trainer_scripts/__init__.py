"""Scripts that the trainer's Python runs for the tests."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings

from finetuning import step_process


def by_trainer(script: str, *arguments: str) -> Any:
    """Run a script beside this file with the trainer's Python; returns what it prints."""
    done = subprocess.run(
        [django_settings.TRAIN_PYTHON, str(Path(__file__).with_name(script)), *arguments],
        env={**os.environ, **step_process.QUIET, "PYTHONPATH": str(django_settings.BASE_DIR)},
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
