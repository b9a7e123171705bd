"""Counts how the worker's tasks end."""

from typing import Any

from celery import signals

_BOUNDED = {"SUCCESS", "FAILURE", "RETRY", "REVOKED", "IGNORED", "REJECTED"}


@signals.task_postrun.connect
def count_outcome(task: Any = None, state: str | None = None, **_: Any) -> None:
    """Count the task that has ended."""
    from stories.writing.figures.counting import count_task  # models: apps are loaded by now

    count_task(task.name, state.lower() if state in _BOUNDED and state else "other")
