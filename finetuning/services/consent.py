"""Whose settings others may compare stories by: names and keywords are their writer's own."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from finetuning.models import ComparisonConsent
from stories.models import Story, User

_OWN_WORDS = ("main_characters", "keywords", "premise")


class Asked(NamedTuple):
    """What a story asked for: its prompt, and whether its writer's own words are in it."""

    prompt: str
    story: int
    has_own_words: bool


def has_consented(writer: User) -> bool:
    """Tell whether others may compare by the settings of `writer`."""
    return ComparisonConsent.objects.filter(writer=writer).exists()


def consent(writer: User, given: bool) -> None:
    """Keep that `writer` lets others compare by their settings, or takes that back."""
    if given:
        ComparisonConsent.objects.get_or_create(writer=writer)
    else:
        ComparisonConsent.objects.filter(writer=writer).delete()


def shown_to(user: User, asked: Iterable[Asked]) -> Callable[[str], bool]:
    """Return what tells whether `user` may be shown what models wrote for a prompt of `asked`.

    Staff may: they read good stories anyway. Others are shown what was asked for by their own
    settings, by those of writers who consented, and by settings without a writer's own words.
    """
    if user.is_staff:
        return bool
    rows = list(asked)
    open_to = {user.pk, *ComparisonConsent.objects.values_list("writer", flat=True)}
    stories = Story.objects.filter(pk__in={row.story for row in rows})
    owners = dict(stories.values_list("pk", "owner"))
    known = {row.prompt for row in rows}
    hidden = {
        row.prompt for row in rows if row.has_own_words and owners.get(row.story) not in open_to
    }
    return lambda prompt: prompt in known - hidden


def has_own_words(row: dict[str, Any]) -> bool:
    """Tell whether the settings of a run's story hold words of its writer's own."""
    asked = row.get("settings")
    return asked is None or any(asked.get(name, "").strip() for name in _OWN_WORDS)
