"""Whether a process that seems to give no sign is dead, or a clock was moved.

The age of a heartbeat says little once somebody sets the clock, a laptop wakes up or two machines
disagree: after a jump of an hour, every live story looks abandoned. So what looks abandoned is
looked at a second time, some time later by a clock that does not jump: it is dead if its heartbeat
is still the same. What this very process writes is alive, also while no heartbeat can be stored.
"""

import time
from datetime import datetime
from typing import Protocol

# Seconds between the two looks; a live runner gives a sign every second.
CONFIRMED_AFTER = 3.0
# Seconds after which a first look is forgotten.
_FORGOTTEN_AFTER = 120.0

# The runners of this process.
alive: set[str] = set()


class Sign(Protocol):
    """What a generation tells of its life."""

    @property
    def pk(self) -> int: ...
    @property
    def runner(self) -> str: ...
    @property
    def heartbeat_at(self) -> datetime: ...


_Sign = tuple[int, str, datetime]
_first_looks: dict[_Sign, float] = {}


def is_still(generation: Sign) -> bool:
    """Tell whether the generation's heartbeat is the one that this process saw a while ago."""
    if generation.runner in alive:
        return False
    now = time.monotonic()
    # Views and sockets look in threads of their own.
    for sign, seen in list(_first_looks.items()):
        if now - seen > _FORGOTTEN_AFTER:
            _first_looks.pop(sign, None)
    sign = (generation.pk, generation.runner, generation.heartbeat_at)
    return now - _first_looks.setdefault(sign, now) >= CONFIRMED_AFTER
