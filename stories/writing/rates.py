"""How often one writer may start the model: a runaway script must not take everybody's turn."""

import time

from django.conf import settings
from django.core.cache import cache

from stories.errors import Refused

_WINDOW = 60  # seconds


def count_generation(user: int) -> None:
    """Count a generation that `user` asks for; raises `Refused` past the limit.

    Counted per minute of the clock, together for all processes that share a cache.
    """
    limit = settings.GENERATIONS_PER_MINUTE
    if not limit:
        return
    window, passed = divmod(int(time.time()), _WINDOW)
    key = f"storaiteller:generations:{user}:{window}"
    # Both are atomic: clicks in parallel are counted one by one.
    cache.add(key, 0, timeout=2 * _WINDOW)
    if cache.incr(key) > limit:
        raise _too_often(limit, _WINDOW - passed)


def _too_often(limit: int, seconds: int) -> Refused:
    sentence = (
        f"You have asked for {limit} stories within a minute. "
        f"Wait {seconds} {'second' if seconds == 1 else 'seconds'} and try again."
    )
    return Refused("rate_limited", sentence, 429)
