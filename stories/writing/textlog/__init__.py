"""The append-only log of a generation's text that sockets follow from any offset.

In memory for one process, in Redis Streams for several; `REDIS_URL` decides.
"""

from functools import cache

from django.conf import settings

from stories.writing.textlog.base import Piece, TextLog
from stories.writing.textlog.memory import MemoryTextLog
from stories.writing.textlog.redis import RedisTextLog

__all__ = ["MemoryTextLog", "Piece", "RedisTextLog", "TextLog", "get_text_log"]


@cache
def get_text_log() -> TextLog:
    """Return the process's log."""
    return RedisTextLog(settings.REDIS_URL) if settings.REDIS_URL else MemoryTextLog()
