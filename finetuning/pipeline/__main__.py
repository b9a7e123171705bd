"""Run one step as a process of its own: `python -m finetuning.pipeline STEP RUN_DIR`.

It ends when its standard input does, so that it never outlives whoever started it, and holds a
lock beside the runs, so that there are never two.
"""

import fcntl
import importlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from finetuning.pipeline import run_folder
from finetuning.pipeline.run_folder import CancelledError, StageError
from finetuning.recipes import Recipe, RecipeError

# Step -> (module, function). The five stages have eight steps: each runs in one environment.
STEPS = {
    "export": ("export", "export"),
    "train": ("train", "train"),
    "convert": ("convert", "convert"),
    "merge": ("convert", "merge"),
    "register": ("register", "register"),
    "compare": ("compare", "compare"),
    "measure": ("measure", "measure"),
    "judge": ("evaluate", "evaluate"),
}
FAILED, CANCELLED = 2, 3  # exit statuses
LOCK = "trainer.lock"
_LOCK_PATIENCE = 30.0  # seconds


def main() -> int:
    """Run the step; returns the exit status."""
    step, run_dir = sys.argv[1], Path(sys.argv[2]).resolve()
    run_folder.use_utf8()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with (run_dir.parent / LOCK).open("w") as lock:
            _hold(lock.fileno())
            recipe = Recipe.from_dict(json.loads((run_dir / "recipe.json").read_text()))
            module, name = STEPS[step]
            stage = getattr(importlib.import_module(f"finetuning.pipeline.{module}"), name)
            with run_folder.disk_errors():
                stage(run_dir, recipe)
    except (StageError, RecipeError) as error:
        run_folder.say("error", message=str(error))
        return FAILED
    except CancelledError:
        return CANCELLED
    return 0


def _end_with_parent() -> None:
    """Wait for the end of standard input, then end the whole process group."""
    # Not through `sys.stdin`: a thread that waits in its lock can't be left behind at exit.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _hold(lock: int) -> None:
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StageError("Another trainer is still running on this machine.") from None
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    # Unless it leads its group, ending the group would end the parent's.
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    sys.exit(main())
