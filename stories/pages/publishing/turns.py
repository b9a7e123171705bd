"""Files are made and read one at a time in a process: each keeps the interpreter busy for seconds.

Two at once would be done no sooner, and everybody's pages would wait for both.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from stories.errors import Refused

# Seconds; a story takes less than one, a book of all that it may have up to half a minute.
PATIENCE = 20.0
# The one whose turn it is and those who wait: each holds a thread, and may hold a connection to the
# database, of which a process has sixteen.
MOST_AT_ONCE = 8

_turn = threading.Lock()
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@contextmanager
def turn() -> Iterator[None]:
    """Wait for the files before this one; raises `Refused` when that takes too long."""
    if not _places.acquire(blocking=False):
        raise _busy()
    try:
        if not _turn.acquire(timeout=PATIENCE):
            raise _busy()
        try:
            yield
        finally:
            _turn.release()
    finally:
        _places.release()


def _busy() -> Refused:
    return Refused(
        "files_busy",
        _("Other files are being made or read at the moment. Try again in a minute."),
        503,
    )
