"""On PYTHONPATH, moves the clock of a Python process by the seconds in the file $CLOCK_FILE.

The file is read at each look at the clock, so that the clock jumps when the file changes. Moved are
`time.time` and Django's `timezone.now`, which is where all of our own code asks.
"""

import datetime
import os
import time
from pathlib import Path

from django.utils import timezone

_file = Path(os.environ["CLOCK_FILE"])
_time, _now = time.time, timezone.now


def _offset() -> float:
    return float(_file.read_text() or 0)


def _moved_time() -> float:
    return _time() + _offset()


def _moved_now() -> datetime.datetime:
    return _now() + datetime.timedelta(seconds=_offset())


time.time = _moved_time
timezone.now = _moved_now
