"""What a step says to the driver, which started its process.

JSON lines on its standard output while it runs, an exit status at its end. Its standard input ends
when the driver does.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prose import said

FAILED, CANCELLED = 2, 3  # exit statuses


class StageError(Exception):
    """The stage can't be done; the message is a sentence for the person who started the run."""


class CancelledError(Exception):
    """The run was cancelled; what is done is kept."""


def say(kind: str, **values: Any) -> None:
    """Tell the driver something, as one JSON line."""
    print(json.dumps({"event": kind, **values}), flush=True)  # noqa: T201 - the protocol


def log(text: str) -> None:
    """Put a line into the run's log."""
    say("log", text=text)


def use_utf8() -> None:
    """Speak UTF-8 on the pipes, whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn a full disk and the like into a `StageError`."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StageError(
            said(
                "A file can't be written or read: %(strerror)s%(where)s.",
                strerror=error.strerror,
                where=where,
            )
        ) from error


def memory() -> int:
    """Return the bytes of memory that this process holds (Linux; 0 elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
