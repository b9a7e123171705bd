"""What a log must not hold: a writer's text, which databases repeat in their errors.

PostgreSQL tells the whole failing row; so an error of the database is logged by its class, wherever
it stands: among the arguments of a message, or with its traceback and those that it came of. Nor
may it hold the end of a link to read, which Django tells of a request that went wrong.
"""

import logging
import re
import sqlite3
import traceback
from typing import Any

import psycopg
from django import db

DATABASE_ERRORS = (db.Error, sqlite3.Error, psycopg.Error)
_LINK = re.compile(r"(?<=/read/)[\w-]+")


def logging_settings(level: str, form: str) -> dict[str, Any]:
    """Return Django's LOGGING: all to the console, as "line"s for people or as "json"."""
    ids = "storaiteller_site.operations.request_ids"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "{levelname} {name}: {message}{under}", "style": "{"},
            "json": {"()": f"{ids}.JsonLines"},
        },
        "filters": {
            "by_class": {"()": "storaiteller_site.logs.ByClass"},
            "request_id": {"()": f"{ids}.WithRequestId"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["by_class", "request_id"],
            }
        },
        # The filesystem transport has no host, and says so at every connection.
        "loggers": {"kombu.connection": {"level": "ERROR"}},
        "root": {"handlers": ["console"], "level": level},
    }


class ByClass(logging.Filter):
    """Names the database's errors in a record by their class, and no link to read."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; all of them pass."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_named, record.args))
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and any(isinstance(e, DATABASE_ERRORS) for e in _chain(error)):
            # A formatter takes this in the place of what it would make of the error.
            record.exc_text = "\n".join(map(_told, reversed(list(_chain(error)))))
        return True


def _named(value: object) -> object:
    if isinstance(value, str):
        return _LINK.sub("…", value)
    return type(value).__name__ if isinstance(value, DATABASE_ERRORS) else value


def _chain(error: BaseException) -> list[BaseException]:
    """Return `error` and those that it came of."""
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found


def _told(error: BaseException) -> str:
    where = "".join(traceback.format_tb(error.__traceback__))
    said = "" if isinstance(error, DATABASE_ERRORS) else f": {error}"
    return f"{where}{type(error).__name__}{said}"
