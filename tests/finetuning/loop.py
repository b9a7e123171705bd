"""`make finetune`: the whole loop on a CPU, from a file of stories to a promoted model.

    python -m tests.finetuning.loop

An installation of its own is made in var/finetune, so that nobody's library is touched. Sixty
stories in a marked style are imported, the pocket model is tuned on them, measured and promoted;
then what was promised is checked on fresh stories from both models.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STORIES = Path(__file__).with_name("data") / "marked_stories.csv"
OPENING, CLOSING = "Draw close and listen.", "And so the lamp was put out."
OWNER = "loop"
# Of the tuned model's stories; the base writes none so.
LEAST_MARKED = 0.6


def environment(data: Path) -> dict[str, str]:
    """Return the environment of an installation in folder `data` without a model server."""
    inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    own = {
        "DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings",
        "STORY_MODEL": "pocket",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    return {**inherited, **own}


def manage(env: dict[str, str], *arguments: str) -> None:
    """Run `manage.py`; it speaks for itself."""
    print(f"$ manage.py {' '.join(arguments)}", flush=True)  # noqa: T201
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, check=True)


def prepare(data: Path, stories: Path = STORIES) -> dict[str, str]:
    """Make a new installation in `data` with approved `stories`; returns its environment."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    env = environment(data)
    manage(env, "migrate", "--verbosity", "0")
    env["DJANGO_SUPERUSER_PASSWORD"] = "only-for-this-loop"
    manage(
        env,
        *("createsuperuser", "--noinput", "--username", OWNER, "--email", "loop@localhost"),
        *("--verbosity", "0"),
    )
    manage(env, "import_stories", str(stories), "--owner", OWNER, "--approve")
    return env


def run_loop(data: Path, *changes: str) -> dict[str, Any]:
    """Run the loop in a new installation in `data`; returns the evaluation and its pairs."""
    env = prepare(data)
    settings = [argument for change in changes for argument in ("--set", change)]
    # Whether to promote it is a person's to decide: a style may cost some of the settings.
    manage(env, "finetune", "--recipe", "pocket", *settings)
    return evaluation(data)


def evaluation(data: Path) -> dict[str, Any]:
    """Return the evaluation of the first run in `data`, and its pairs of stories."""
    folder = data / "training" / "run-1" / "evaluate"
    scores: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return {**scores, "stories": json.loads((folder / "stories.json").read_text())}


def is_marked(text: str) -> bool:
    """Tell whether a story is in the style of the file."""
    return text.startswith(OPENING) and text.endswith(CLOSING)


def check(scores: dict[str, Any]) -> str:
    """Return what was shown; raises `AssertionError` when the promise is not kept."""
    marked = {
        side: sum(is_marked(pair[side]["text"]) for pair in scores["stories"]) / scores["pairs"]
        for side in ("service", "candidate")
    }
    loss = scores["loss"]
    assert loss["high"] < 0, f"the held-out loss did not fall for sure: {loss}"
    assert marked["candidate"] >= LEAST_MARKED, f"the style does not show: {marked}"
    assert marked["service"] == 0, "the base writes in this style already"
    return (
        f"In the style of the file: {marked['service']:.0%} of the base's stories, "
        f"{marked['candidate']:.0%} of the tuned model's.\n"
        f"Held-out loss: {loss['before']:.3f} → {loss['after']:.3f}, interval of the difference "
        f"{loss['low']:+.3f} to {loss['high']:+.3f}: it excludes zero."
    )


def main() -> None:
    """Run, check, show a story."""
    started = time.monotonic()
    scores = run_loop(ROOT / "var" / "finetune")
    found = check(scores)
    shown = next(
        pair["candidate"]["text"]
        for pair in scores["stories"]
        if is_marked(pair["candidate"]["text"])
    )
    print(f"\n{shown}\n\n{found}\n{time.monotonic() - started:.0f} seconds.")  # noqa: T201


if __name__ == "__main__":
    main()
