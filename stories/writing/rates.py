"""How often one may ask for what costs: a runaway script must not take everybody's turn."""

import time

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import ngettext

from stories.errors import Refused

_WINDOW = 60  # seconds


def count(what: str, who: object, limit: int) -> int:
    """Count that `who` asks for `what`; return the seconds to wait, 0 within the `limit`.

    Counted per minute of the clock, together for all processes that share a cache.
    """
    window, passed = divmod(int(time.time()), _WINDOW)
    key = f"storaiteller:{what}:{who}:{window}"
    # Both are atomic: clicks in parallel are counted one by one.
    cache.add(key, 0, timeout=2 * _WINDOW)
    return _WINDOW - passed if cache.incr(key) > limit else 0


def count_generation(user: int) -> None:
    """Count a generation that `user` asks for; raises `Refused` past the limit."""
    limit = settings.GENERATIONS_PER_MINUTE
    if limit and (seconds := count("generations", user, limit)):
        sentence = ngettext(
            "You have asked for %(count)s story within a minute.",
            "You have asked for %(count)s stories within a minute.",
            limit,
        )
        raise too_often(sentence % {"count": limit}, seconds)


def too_often(what: str, seconds: int) -> Refused:
    """Return the refusal of what was asked for too often; `what` is a sentence."""
    wait = ngettext(
        "Wait %(count)s second and try again.", "Wait %(count)s seconds and try again.", seconds
    )
    return Refused("rate_limited", f"{what} {wait % {'count': seconds}}", 429)
