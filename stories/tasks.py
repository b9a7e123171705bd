"""What the worker does for the library at intervals; CELERY_BEAT_SCHEDULE names these."""

from celery import shared_task
from django.core.management import call_command

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


@shared_task
def purge_expired_sessions() -> None:
    """Remove the sessions that have run out, also those of sign-ins that were only begun."""
    call_command("clearsessions")
