"""Where the figures of all processes of an installation lie: files of the data folder.

Each process counts in files of its own, which any web process reads together. A process takes the
first number that no living one has, and goes on with that number's counts: a sum never falls when
processes end, and there are never more files than there were processes at a time.
"""

import fcntl
import itertools
import os
from pathlib import Path
from typing import IO

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector

_SIZE = 1 << 20  # bytes of a new file, as the library makes them
_TYPES = ("counter", "histogram")


class _Number:
    """The number of whichever process asks, which it holds until it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = 0
        self._number = 0
        self._lock: IO[bytes] | None = None

    def __call__(self) -> str:
        if self._process != os.getpid():
            if self._lock is not None:
                self._lock.close()  # in a fork: the parent keeps its own
            self._number, self._lock = self._take()
            self._process = os.getpid()
        return str(self._number)

    def _take(self) -> tuple[int, IO[bytes]]:
        for number in itertools.count(1):
            lock = (self._folder / f"{number}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            for kind in _TYPES:
                _fill(self._folder / f"{kind}_{number}.db")
            return number, lock
        raise AssertionError


def _fill(path: Path) -> None:
    """Make the file as long as it will be: a full disk is an error here, in a mapping a signal."""
    with path.open("ab") as file:
        file.write(bytes(max(0, _SIZE - file.tell())))


def keep_in(folder: Path) -> None:
    """Let metrics that are made from now on count in `folder`. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # the library reads nothing else
    values.ValueClass = values.MultiProcessValue(_Number(folder))  # type: ignore[no-untyped-call]


def collect(folder: Path, registry: CollectorRegistry) -> None:
    """Let `registry` tell what all processes have counted in `folder`."""
    if folder.is_dir():
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
