"""What a curator decides about good stories; only approved ones may train a model."""

from django.db import transaction
from django.utils import timezone

from stories.models import Curation, Story, User

MAX_REASON = 300


class OwnStoryError(Exception):
    """A curator may not approve a story of their own while somebody else could."""

    def __init__(self, story: Story) -> None:
        super().__init__(f"“{story}” is your own: another curator has to approve it.")


class NotWaitingError(Exception):
    """The story is not in the queue (any more)."""

    def __init__(self, story: Story) -> None:
        super().__init__(f"“{story}” is not waiting any more.")


def approve(story: Story, curator: User, version: int, reason: str = "") -> None:
    """Approve the text of `version`, the one that the curator read.

    Raises `OwnStoryError`, and `NotWaitingError` when the story was decided on, unmarked or changed
    in the meantime.
    """
    if story.owner_id == curator.pk and not _is_only_curator(curator):
        raise OwnStoryError(story)
    _decide(story, curator, version, Curation.APPROVED, reason)


def reject(story: Story, curator: User, version: int, reason: str) -> None:
    """Reject the text of `version`; the writer is shown `reason`. Raises `NotWaitingError`."""
    _decide(story, curator, version, Curation.REJECTED, reason)


def _is_only_curator(curator: User) -> bool:
    staff = User.objects.filter(is_staff=True, is_active=True)
    return not staff.exclude(pk=curator.pk).exists()


def _decide(story: Story, curator: User, version: int, decision: Curation, reason: str) -> None:
    with transaction.atomic():
        decided = (
            Story.objects.waiting()
            .filter(pk=story.pk, version=version)
            .update(
                curation=decision,
                curated_version=version,
                curated_by=curator,
                curated_at=timezone.now(),
                curation_reason=reason[:MAX_REASON],
            )
        )
    if not decided:
        raise NotWaitingError(story)
