"""How often one writer may start the model: a runaway script must not take everybody's turn."""

import time

from django.conf import settings
from django.core.cache import cache

_WINDOW = 60  # seconds


class TooOftenError(Exception):
    """The writer has started as many generations as a minute allows."""

    code = "rate_limited"

    def __init__(self, limit: int, seconds: int) -> None:
        super().__init__(
            f"You have asked for {limit} stories within a minute. "
            f"Wait {seconds} {'second' if seconds == 1 else 'seconds'} and try again."
        )


def count_generation(user: int) -> None:
    """Count a generation that `user` asks for; raises `TooOftenError` past the limit.

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
        raise TooOftenError(limit, _WINDOW - passed)
