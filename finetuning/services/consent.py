"""Whose settings others may compare stories by: names and keywords are their writer's own."""

from collections.abc import Callable
from typing import Any

from finetuning.models import ComparisonConsent, TrainingRun
from finetuning.pipeline.run_folder import read_rows
from stories.models import Story, User

_OWN_WORDS = ("main_characters", "keywords", "premise")


def has_consented(writer: User) -> bool:
    """Tell whether others may compare by the settings of `writer`."""
    return ComparisonConsent.objects.filter(writer=writer).exists()


def consent(writer: User, given: bool) -> None:
    """Keep that `writer` lets others compare by their settings, or takes that back."""
    if given:
        ComparisonConsent.objects.get_or_create(writer=writer)
    else:
        ComparisonConsent.objects.filter(writer=writer).delete()


def shown_to(user: User, run: TrainingRun) -> Callable[[str], bool]:
    """Return what tells whether `user` may be shown what models wrote for a prompt of `run`.

    Staff may: they read good stories anyway. Others are shown what was asked for by their own
    settings, by those of writers who consented, and by settings without a writer's own words.
    """
    if user.is_staff:
        return bool
    try:
        rows = read_rows(run.folder.stories)
    except FileNotFoundError:
        rows = []
    open_to = {user.pk, *ComparisonConsent.objects.values_list("writer", flat=True)}
    stories = Story.objects.filter(pk__in={row["story"] for row in rows})
    owners = dict(stories.values_list("pk", "owner"))
    known = {row["prompt"] for row in rows}
    hidden = {
        row["prompt"]
        for row in rows
        if _has_own_words(row) and owners.get(row["story"]) not in open_to
    }
    return lambda prompt: prompt in known - hidden


def _has_own_words(row: dict[str, Any]) -> bool:
    asked = row.get("settings")
    return asked is None or any(asked.get(name, "").strip() for name in _OWN_WORDS)
