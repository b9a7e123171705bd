"""What is counted when a generation or a task ends: once each, nothing of it per token.

Labels are few: servers by host and port, kinds, outcomes and codes that stand in the code. Nothing
of a person, a prompt or a text is among them. Without `METRICS_TOKEN` nothing is counted.
"""

import logging
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from prometheus_client import Counter, Histogram

from stories.models import Generation
from stories.writing.figures import files
from stories.writing.servers.health import servers

logger = logging.getLogger(__name__)

OTHER = "other"
_WAITS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)  # seconds
_FIRST_WORDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)  # seconds
_FACTS = (
    *("server", "kind", "status", "error_code", "prompt_tokens", "completion_tokens"),
    *("created_at", "started_at", "first_token_at"),
)


class Figures:
    """The metrics of this process, kept in `folder`. Raises `OSError`."""

    def __init__(self, folder: Path) -> None:
        files.keep_in(folder)
        self.generations = Counter(
            "storaiteller_generations",
            "Generations that were begun and have ended.",
            ["server", "kind", "status"],
            registry=None,
        )
        self.errors = Counter(
            "storaiteller_generation_errors",
            "Generations that failed, by the code of the error.",
            ["server", "code"],
            registry=None,
        )
        self.tokens = Counter(
            "storaiteller_tokens",
            "Tokens that model servers read and wrote for generations that have ended.",
            ["server", "direction"],
            registry=None,
        )
        self.waits = Histogram(
            "storaiteller_wait_seconds",
            "From the click until a generation had its turn.",
            ["server"],
            buckets=_WAITS,
            registry=None,
        )
        self.first_words = Histogram(
            "storaiteller_first_word_seconds",
            "From the turn to the first word.",
            ["server"],
            buckets=_FIRST_WORDS,
            registry=None,
        )
        self.tasks = Counter(
            "storaiteller_tasks",
            "Tasks that the worker has ended.",
            ["task", "outcome"],
            registry=None,
        )


def folder() -> Path:
    """Return where the figures lie."""
    return Path(settings.DATA_DIR) / "metrics"


@cache
def _figures(kept: Path) -> Figures:
    return Figures(kept)


def label_of(address: str) -> str:
    """Return host and port of the server that a generation names; it names none if there is one."""
    if not address:
        address = servers()[0].url
    elif address not in {each.url for each in servers()}:
        return OTHER
    return urlsplit(address).netloc


def count_generation(number: int) -> None:
    """Count a generation that has just ended. Whatever goes wrong, the story is stored."""
    if not settings.METRICS_TOKEN:
        return
    try:
        facts = Generation.objects.filter(pk=number).values(*_FACTS).first()
        if facts is not None:
            _count(_figures(folder()), facts)
    except Exception as error:
        logger.warning("Generation %s is not counted: %s", number, type(error).__name__)


def _count(figures: Figures, facts: dict[str, Any]) -> None:
    server = label_of(facts["server"])
    figures.generations.labels(server, facts["kind"], facts["status"]).inc()
    if facts["status"] == Generation.Status.FAILED:
        figures.errors.labels(server, facts["error_code"]).inc()
    figures.tokens.labels(server, "read").inc(facts["prompt_tokens"] or 0)
    figures.tokens.labels(server, "written").inc(facts["completion_tokens"] or 0)
    started = facts["started_at"]
    _observe(figures.waits.labels(server), facts["created_at"], started)
    _observe(figures.first_words.labels(server), started, facts["first_token_at"])


def _observe(seconds: Histogram, since: datetime | None, until: datetime | None) -> None:
    if since is not None and until is not None:
        # The clock may have been set back meanwhile.
        seconds.observe(max(0.0, (until - since).total_seconds()))


def count_task(name: str, outcome: str) -> None:
    """Count a task of the worker's that has just ended."""
    if not settings.METRICS_TOKEN:
        return
    try:
        _figures(folder()).tasks.labels(name, outcome).inc()
    except Exception as error:
        logger.warning("A task is not counted: %s", type(error).__name__)
