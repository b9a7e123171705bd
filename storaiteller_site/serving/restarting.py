"""Keep a process alive: `python -m storaiteller_site.serving.restarting COMMAND…`.

A machine short of memory kills the model server first, or the worker that trains. The pages go on
without them, tell the writers, and find them again.
"""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

_PAUSE = 1.0  # seconds
_STOPPED = {0, -signal.SIGTERM, -signal.SIGINT}


def main(command: list[str]) -> int:
    """Run `command` again whenever it dies, until it is ended on purpose or its parent is gone."""
    child: subprocess.Popen[bytes] | None = None
    stopping = False
    parent = os.getppid()

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        if child is not None:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while True:
        child = subprocess.Popen(command)  # noqa: S603 - our own command line
        while (status := _ended(child)) is None:
            if os.getppid() != parent:
                child.terminate()
        if stopping or status in _STOPPED:
            return 0
        print(f"It ended with status {status}, and is started again.", flush=True)  # noqa: T201
        time.sleep(_PAUSE)
        if stopping:
            return 0


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(_PAUSE)
    except subprocess.TimeoutExpired:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
