"""No text of a writer's stands in a log, whatever the database says of the row that it refuses."""

import io
import logging
import logging.config
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, IntegrityError

SECRET = "Zoë buried the silver key"
FAILING = f"null value violates a constraint\nDETAIL:  Failing row contains (7, {SECRET})."


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the site's own handler writes; it is set up as the settings say."""
    config: Any = django_settings.LOGGING
    stream = io.StringIO()
    handler = {**config["handlers"]["console"], "stream": stream}
    logger = {"handlers": ["console"], "level": "DEBUG", "propagate": False}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": config["formatters"],
            "filters": config["filters"],
            "handlers": {"console": handler},
            "loggers": {"tests.logs": logger},
        }
    )
    yield stream
    logging.getLogger("tests.logs").handlers.clear()


def test_an_error_among_the_arguments(written: io.StringIO) -> None:
    logging.getLogger("tests.logs").warning("Generation %s: %s", 7, IntegrityError(FAILING))
    assert written.getvalue() == "WARNING tests.logs: Generation 7: IntegrityError\n"


def test_the_end_of_a_link_to_read(written: io.StringIO) -> None:
    logging.getLogger("tests.logs").warning("%s: %s", "Not Found", "/read/ab-CD_1/")
    assert written.getvalue() == "WARNING tests.logs: Not Found: /read/…/\n"


def fail(error: Exception, cause: Exception | None = None) -> None:
    """Raise `error`, and what it came of."""
    raise error from cause


def test_an_error_with_its_traceback_and_what_it_came_of(written: io.StringIO) -> None:
    try:
        fail(IntegrityError(FAILING), sqlite3.IntegrityError(FAILING))
    except DatabaseError:
        logging.getLogger("tests.logs").exception("It can't be stored")
    told = written.getvalue()
    assert SECRET not in told
    assert "It can't be stored" in told
    assert told.count("IntegrityError") >= 2
    assert "in fail" in told  # where it happened stays


def test_an_error_that_came_of_the_databases(written: io.StringIO) -> None:
    try:
        fail(RuntimeError("the run is lost"), DatabaseError(FAILING))
    except RuntimeError:
        logging.getLogger("tests.logs").exception("A run failed")
    assert SECRET not in written.getvalue()
    assert "RuntimeError: the run is lost" in written.getvalue()


def test_other_errors_are_told_as_they_are(written: io.StringIO) -> None:
    try:
        fail(ValueError("no such recipe"))
    except ValueError:
        logging.getLogger("tests.logs").exception("A run failed")
    assert "ValueError: no such recipe" in written.getvalue()
