"""Where a text comes from: the generation that its version goes back to."""

from stories.models import Generation, Story, StorySettings, StoryVersion

# A rewrite changes a part; what it is a part of was written or continued.
_WHOLE = frozenset({Generation.Kind.WRITE, Generation.Kind.CONTINUE})
_ANY = frozenset(Generation.Kind)


def generation_behind(story: Story, number: int | None = None) -> Generation | None:
    """Return the generation that wrote the story that version `number` was made from.

    `number` is the current version by default. None for a story written by hand from its start.
    """
    return _nearest(story, number, _WHOLE)


def take_behind(story: Story, number: int | None = None) -> Generation | None:
    """Return the generation that wrote, from nothing, the take that a version goes back to."""
    return _nearest(story, number, frozenset({Generation.Kind.WRITE}))


def last_generation(story: Story, number: int | None = None) -> Generation | None:
    """Return the generation that changed the text of version `number` last; see above."""
    return _nearest(story, number, _ANY)


def writer_of(version: StoryVersion) -> Generation | None:
    """Return the generation that wrote `version`, unless it was a part of it, or by hand."""
    generation = version.generation
    return generation if generation is not None and generation.kind in _WHOLE else None


def _nearest(
    story: Story, number: int | None, kinds: frozenset[Generation.Kind]
) -> Generation | None:
    rows = story.versions.values_list("number", "parent", "generation", "generation__kind")
    lineage = {row[0]: row[1:] for row in rows}
    number = story.version if number is None else number
    while number in lineage:
        number, generation, kind = lineage.pop(number)
        if kind in kinds:
            return Generation.objects.select_related("settings").get(pk=generation)
    return None


def settings_behind(story: Story, number: int | None = None) -> StorySettings:
    """Return the settings that the text of version `number` was written by.

    The story's present ones may be newer. A story written by hand has no others.
    """
    generation = generation_behind(story, number)
    return generation.settings if generation else story.settings
