"""pocket, the embedded model server, for as long as a command needs it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_START_TIMEOUT = 60.0  # seconds


class NotStartedError(Exception):
    """pocket did not start."""

    def __init__(self) -> None:
        super().__init__("pocket, the embedded model server, did not start.")


@contextmanager
def pocket(models: Path, is_ready: Callable[[str], bool]) -> Iterator[str]:
    """Serve the models that come with the program and those created in the folder `models`.

    Yields the address, once it `is_ready`. Raises `NotStartedError`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "pocket", "--port", str(port), "--models", str(models)]
    # Whatever the app's own pocket is to write with: here every base is there.
    environment = {name: value for name, value in os.environ.items() if name != "POCKET_MODEL"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603
    try:
        deadline = time.monotonic() + _START_TIMEOUT
        while not is_ready(address):
            if server.poll() is not None or time.monotonic() > deadline:
                raise NotStartedError
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()
