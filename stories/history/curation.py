"""What a curator decides about good stories; only approved ones may train a model."""

from django.db import transaction
from django.utils import timezone

from stories.errors import Refused
from stories.models import Curation, Story, User

MAX_REASON = 300


def approve(story: Story, curator: User, version: int, reason: str = "") -> None:
    """Approve the text of `version`, the one that was marked as good and that the curator read.

    Raises `Refused` when the story is the curator's own and somebody else could approve it, or was
    decided on, unmarked or marked in another version in the meantime.
    """
    if story.owner_id == curator.pk and not _is_only_curator(curator):
        raise Refused("own_story", f"“{story}” is your own: another curator has to approve it.")
    _decide(story, curator, version, Curation.APPROVED, reason)


def reject(story: Story, curator: User, version: int, reason: str) -> None:
    """Reject the text of `version`; the writer is shown `reason`.

    Raises `Refused` when the story was decided on, unmarked or marked in another version in the
    meantime.
    """
    _decide(story, curator, version, Curation.REJECTED, reason)


def _is_only_curator(curator: User) -> bool:
    staff = User.objects.filter(is_staff=True, is_active=True)
    return not staff.exclude(pk=curator.pk).exists()


def _decide(story: Story, curator: User, version: int, decision: Curation, reason: str) -> None:
    with transaction.atomic():
        decided = (
            Story.objects.waiting()
            .filter(pk=story.pk, good_version=version)
            .update(
                curation=decision,
                curated_version=version,
                curated_by=curator,
                curated_at=timezone.now(),
                curation_reason=reason[:MAX_REASON],
            )
        )
    if not decided:
        raise Refused("not_waiting", f"“{story}” is not waiting any more.")
