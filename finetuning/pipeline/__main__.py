"""Run one step as a process of its own: `python -m finetuning.pipeline STEP RUN_DIR`.

It ends when its standard input does, so that it never outlives whoever started it, and holds a
lock beside the runs, so that there are never two.
"""

import fcntl
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tracing
from finetuning.pipeline import STEPS, Step, telling
from finetuning.pipeline.run_folder import RunFolder, read_json
from finetuning.pipeline.telling import CANCELLED, FAILED, CancelledError, StageError
from finetuning.recipes import Recipe, RecipeError
from modelserver import Server, ServerSettingsError
from prose import said

_LOCK_PATIENCE = 30.0  # seconds


def main() -> int:
    """Run the step; returns the exit status."""
    os.umask(0o077)  # the stories that it learns from are nobody else's, nor is what it learns
    step, run = sys.argv[1], RunFolder(Path(sys.argv[2]).resolve())
    telling.use_utf8()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with run.lock.open("w") as lock:
            _hold(lock.fileno())
            recipe = Recipe.from_dict(read_json(run.recipe))
            known = STEPS[step]
            module = importlib.import_module(f"finetuning.pipeline.{known.module}")
            servers = Server.all_from_environment(os.environ) if known.on_server else ()
            with telling.disk_errors(), _traced(known):
                getattr(module, step)(run, recipe, *servers)
    except (StageError, RecipeError, ServerSettingsError) as error:
        telling.say("error", message=str(error))
        return FAILED
    except CancelledError:
        return CANCELLED
    return 0


@contextmanager
def _traced(step: Step) -> Iterator[None]:
    """Let what is asked of model servers go on from the driver's trace."""
    if not step.on_server:  # the trainer's environment has nothing to record with
        yield
        return
    tracing.begin("step")
    given = {name: os.environ.get(name.upper(), "") for name in tracing.FIELDS}
    try:
        with tracing.going_on(given):
            yield
    finally:
        tracing.end()


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
                raise StageError(
                    said("Another trainer is still running on this machine.")
                ) from None
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    # Unless it leads its group, ending the group would end the parent's.
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    sys.exit(main())
