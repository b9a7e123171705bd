"""Pairs for preference training: what a writer kept, over what it was kept instead of."""

from django.db import models

from stories.history.provenance import take_behind
from stories.models import Generation, PreferencePair, Story, StoryVersion


def record_kept_replacement(kept: Generation) -> None:
    """Store that `kept` was preferred to the passage that it replaced and to other tries at it.

    Tries that were asked for something else are answers to another prompt, and not compared.
    """
    source = PreferencePair.Source
    others = tries_of(kept).exclude(pk=kept.pk).filter(prompt=kept.prompt)
    rejected = [
        (source.PASSAGE, kept.selected),
        *((source.TRY, text) for text in others.values_list("replacement", flat=True)),
    ]
    PreferencePair.objects.bulk_create(
        PreferencePair(
            story=kept.story,
            source=source,
            prompt=kept.prompt,
            chosen=kept.replacement,
            rejected=text,
            generation=kept,
        )
        for source, text in dict.fromkeys(rejected)
        if _differ(kept.replacement, text)
    )


def tries_of(rewrite: Generation) -> models.QuerySet[Generation]:
    """Return the tries at the passage of `rewrite`, itself included, the first one first."""
    first = rewrite.first_try_id or rewrite.pk
    together = models.Q(pk=first) | models.Q(first_try=first)
    return Generation.objects.filter(together, story=rewrite.story_id).order_by("pk")


def record_good_take(story: Story) -> None:
    """Store that the story as it stands, just marked as good, was preferred to its other takes.

    The others count as the model wrote them, and only those that answer the same prompt. A mark
    that is taken away takes its pairs with it (`withdraw_good_take`), so that a story has them
    once.
    """
    withdraw_good_take(story)
    own = take_behind(story)
    if own is None:
        return
    written = story.versions.filter(origin=StoryVersion.Origin.WRITE).select_related("generation")
    PreferencePair.objects.bulk_create(
        PreferencePair(
            story=story,
            source=PreferencePair.Source.TAKE,
            prompt=own.prompt,
            chosen=story.text,
            rejected=other.text,
            generation=own,
        )
        for other in written.filter(generation__prompt=own.prompt).exclude(generation=own)
        if _differ(story.text, other.text)
    )


def withdraw_good_take(story: Story) -> None:
    """Remove what a mark as good said about the story's takes."""
    story.preference_pairs.filter(source=PreferencePair.Source.TAKE).delete()


def _differ(one: str, other: str) -> bool:
    return bool(other.strip()) and one.split() != other.split()
