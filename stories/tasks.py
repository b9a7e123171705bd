"""What the worker does for the library at intervals; CELERY_BEAT_SCHEDULE names these."""

from celery import shared_task

from stories.history import library
from stories.writing import recovery


@shared_task
def recover_abandoned_generations() -> int:
    """Close the generations whose process died, also those that nobody looks at."""
    return recovery.recover_abandoned()


@shared_task
def purge_deleted_stories() -> int:
    """Remove for good what was deleted longer ago than it can be brought back."""
    return library.purge_deleted_stories()
