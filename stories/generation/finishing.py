"""How a generation ends: its outcome and the story's new version, in one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from stories import reports
from stories.models import Generation, Story, StoryVersion
from stories.versions import add_version

_ORIGINS = {
    Generation.Kind.WRITE: StoryVersion.Origin.WRITE,
    Generation.Kind.CONTINUE: StoryVersion.Origin.CONTINUE,
}


@dataclass
class Outcome:
    """How the writing went; `text` is the model's own, without what it went on from."""

    status: Generation.Status
    text: str
    error_code: str = ""
    error_message: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  # more fields of the row


def finish(generation: Generation, outcome: Outcome) -> bool:
    """Store `outcome` and, if there is text, the version that it makes.

    Returns False, and changes nothing, when the row is no longer its runner's or has ended.
    """
    now = timezone.now()
    with transaction.atomic():
        # The story first, as every change of it does, so that two never wait for each other.
        story = Story.objects.select_for_update().get(pk=generation.story_id)
        owned = Generation.objects.active().filter(pk=generation.pk, runner=generation.runner)
        text = outcome.text.rstrip()
        changed = owned.update(
            status=outcome.status,
            text=text,
            error_code=outcome.error_code,
            error_message=outcome.error_message[:500],
            finished_at=now,
            heartbeat_at=now,
            **outcome.facts,
        )
        if not changed:
            return False
        if text:
            _keep(generation, story, text, now)
    return True


def _keep(generation: Generation, story: Story, text: str, now: datetime) -> None:
    kind = Generation.Kind(generation.kind)
    whole = story.text + text if kind == Generation.Kind.CONTINUE else text
    add_version(
        story,
        whole,
        _ORIGINS[kind],
        expected_version=generation.base_version,
        generation=generation,
    )
    generation.refresh_from_db()
    generation.report = {
        **reports.story_report(whole, generation.settings),
        **_speed(generation, text, now),
        "model": generation.model,
    }
    generation.save(update_fields=["report"])


def _speed(generation: Generation, text: str, now: datetime) -> dict[str, float | None]:
    """Return seconds to the first word, and words a second from there on."""
    started, first = generation.started_at, generation.first_token_at
    if started is None or first is None:
        return {"first_word_seconds": None, "words_per_second": None}
    spent = (now - first).total_seconds()
    return {
        "first_word_seconds": round((first - started).total_seconds(), 3),
        "words_per_second": round(len(text.split()) / spent, 1) if spent > 0 else None,
    }
