"""The whole loop on a CPU, from a file of stories to a model that writes the next one.

An installation of its own is made, so that nobody's library is touched. Its stories are imported,
a base is tuned on them and measured; a model that is better goes into service and writes a story.
"""

import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetuning import embedded
from finetuning.demo.demonstrations import Demonstration
from finetuning.pipeline.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
_OWNER = "loop"
# Names and keywords that stand in no story of ours.
_NEXT = (
    *("--names", "Zoltán, Marguerite", "--keywords", "rain barrel, pocket atlas"),
    *("--genre", "Adventure", "--register", "Direct", "--words", "120"),
)

Tell = Callable[[str], object]


def run_loop(shown: Demonstration, data: Path, tell: Tell) -> bool:
    """Run the loop in a new installation in `data`; returns whether its model went into service.

    `tell` gets each command before it is run. Raises `subprocess.CalledProcessError` and
    `embedded.NotStartedError`.
    """
    environment = prepare(data, shown.stories(), tell)
    with embedded.pocket(data / "pocket", answers) as address:
        environment |= {"OLLAMA_HOST": address, "STORY_MODEL": shown.base}
        changes = [part for change in shown.changes for part in ("--set", change)]
        tuning = ("finetune", "--recipe", shown.recipe, *changes, "--promote")
        # A model that isn't better stays out of service, which is no failure of the command's.
        promoted = manage(environment, tell, *tuning, may_fail=True)
        if promoted:
            manage(environment, tell, "write_story", "--owner", _OWNER, *_NEXT)
    return promoted


def answers(address: str) -> bool:
    """Tell whether a model server answers at `address`."""
    try:
        with urllib.request.urlopen(f"{address}/api/version", timeout=5):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError):
        return False


def prepare(data: Path, stories: str, tell: Tell) -> dict[str, str]:
    """Make a new installation in `data` with approved `stories`, the text of a datastories.csv.

    Returns its environment. What was in `data` is gone.
    """
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    file = data / "stories.csv"
    file.write_text(stories, encoding="utf-8", newline="")
    environment = _environment(data)
    manage(environment, tell, "migrate", "--verbosity", "0")
    account = ("--username", _OWNER, "--email", "loop@localhost")
    manage(environment, tell, "createsuperuser", "--noinput", *account, "--verbosity", "0")
    manage(environment, tell, "import_stories", str(file), "--owner", _OWNER, "--approve")
    return environment


def _environment(data: Path) -> dict[str, str]:
    """Return the environment of an installation that shares nothing and has no model server."""
    inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    own = {
        "DATA_DIR": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'db.sqlite3'}",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings",
        "DJANGO_SUPERUSER_PASSWORD": secrets.token_urlsafe(),
        "STORY_MODEL": "pocket",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    return {**inherited, **own}


def manage(
    environment: dict[str, str], tell: Tell, *arguments: str, may_fail: bool = False
) -> bool:
    """Run `manage.py`, which speaks for itself; returns whether it went well."""
    tell(f"$ manage.py {' '.join(arguments)}")
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=not may_fail)  # noqa: S603
    return done.returncode == 0


def evaluation(data: Path) -> dict[str, Any]:
    """Return the evaluation of the first run in `data`, and its pairs of stories."""
    run = RunFolder(data / "training" / "run-1")
    return {**run.need("evaluate"), "stories": run.read_pairs()}
