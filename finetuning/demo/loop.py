"""The whole loop on a CPU, from a file of stories to a tuned and measured model.

An installation of its own is made, so that nobody's library is touched. Sixty stories in a marked
style are imported and the pocket model is tuned on them and measured; then what was promised is
checked on fresh stories from both models.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetuning.pipeline.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
STORIES = Path(__file__).with_name("marked_stories.csv")
OPENING, CLOSING = "Draw close and listen.", "And so the lamp was put out."
# Of the tuned model's stories; the base writes none so.
LEAST_MARKED = 0.6
_OWNER = "loop"

Tell = Callable[[str], object]


class BrokenPromiseError(Exception):
    """The tuned model is not what was promised."""


def run_loop(data: Path, tell: Tell) -> dict[str, Any]:
    """Run the loop in a new installation in `data`; returns the evaluation and its pairs.

    `tell` gets each command before it is run. Raises `subprocess.CalledProcessError`.
    """
    environment = prepare(data, STORIES, tell)
    # Whether to promote it is a person's to decide: a style may cost some of the settings.
    _manage(environment, tell, "finetune", "--recipe", "pocket")
    return evaluation(data)


def prepare(data: Path, stories: Path, tell: Tell) -> dict[str, str]:
    """Make a new installation in `data` with approved `stories`; returns its environment.

    What was in `data` is gone.
    """
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    environment = _environment(data)
    _manage(environment, tell, "migrate", "--verbosity", "0")
    account = ("--username", _OWNER, "--email", "loop@localhost")
    _manage(environment, tell, "createsuperuser", "--noinput", *account, "--verbosity", "0")
    _manage(environment, tell, "import_stories", str(stories), "--owner", _OWNER, "--approve")
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


def _manage(environment: dict[str, str], tell: Tell, *arguments: str) -> None:
    """Run `manage.py`; it speaks for itself."""
    tell(f"$ manage.py {' '.join(arguments)}")
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603


def evaluation(data: Path) -> dict[str, Any]:
    """Return the evaluation of the first run in `data`, and its pairs of stories."""
    run = RunFolder(data / "training" / "run-1")
    return {**run.need("evaluate"), "stories": run.read_pairs()}


def is_marked(text: str) -> bool:
    """Tell whether a story is in the style of the file."""
    return text.startswith(OPENING) and text.endswith(CLOSING)


def marked_story(scores: dict[str, Any]) -> str:
    """Return a story of the tuned model in the style of the file."""
    written: list[str] = [pair["candidate"]["text"] for pair in scores["stories"]]
    return next(filter(is_marked, written))


def check(scores: dict[str, Any]) -> str:
    """Return what was shown. Raises `BrokenPromiseError`."""
    marked = {
        side: sum(is_marked(pair[side]["text"]) for pair in scores["stories"]) / scores["pairs"]
        for side in ("service", "candidate")
    }
    loss = scores["loss"]
    if loss["high"] >= 0:
        raise BrokenPromiseError(f"The held-out loss did not fall for sure: {loss}")
    if marked["candidate"] < LEAST_MARKED:
        raise BrokenPromiseError(f"The style does not show: {marked}")
    if marked["service"]:
        raise BrokenPromiseError(f"The base writes in this style already: {marked}")
    return (
        f"In the style of the file: {marked['service']:.0%} of the base's stories, "
        f"{marked['candidate']:.0%} of the tuned model's.\n"
        f"Held-out loss: {loss['before']:.3f} → {loss['after']:.3f}, interval of the difference "
        f"{loss['low']:+.3f} to {loss['high']:+.3f}: it excludes zero."
    )
