"""Whether a process that seems to give no sign is dead, or a clock was moved.

The age of a heartbeat says little once somebody sets the clock, a laptop wakes up or two machines
disagree: after a jump of an hour, every live story looks abandoned. So what looks abandoned is
looked at a second time, some time later by a clock that does not jump: it is dead if its heartbeat
is still the same. What this very process writes is alive, also while no heartbeat can be stored.
"""

import time
from datetime import datetime
from typing import NamedTuple, Protocol

# Seconds between the two looks; a live runner gives a sign every second.
CONFIRMED_AFTER = 3.0
# Seconds after which a look is forgotten.
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


class _Looks(NamedTuple):
    """The looks at one row since its heartbeat is the same; times are monotonic seconds."""

    runner: str
    heartbeat_at: datetime
    first: float
    last: float


# By the rows' numbers: no more than there are active rows.
_looks: dict[int, _Looks] = {}


def is_still(generation: Sign) -> bool:
    """Tell whether the generation's heartbeat is the one that this process saw a while ago."""
    if generation.runner in alive:
        return False
    now = first = time.monotonic()
    # Views and sockets look in threads of their own.
    for number, looks in list(_looks.items()):
        if now - looks.last > _FORGOTTEN_AFTER:
            _looks.pop(number, None)
    known = _looks.get(generation.pk)
    sign = generation.runner, generation.heartbeat_at
    if known is not None and (known.runner, known.heartbeat_at) == sign:
        first = known.first
    _looks[generation.pk] = _Looks(*sign, first, now)
    return now - first >= CONFIRMED_AFTER
