"""What is told of a text as it stands: how it keeps to its settings, and whose words it has."""

from typing import Any, NamedTuple

from prose import report
from prose.settings import Settings
from stories.history import looking
from stories.history.provenance import settings_behind
from stories.models import Generation, Story, StoryVersion

_Origin = StoryVersion.Origin
# What the model left is what its generation's report is about.
_BY_MODEL = frozenset({_Origin.WRITE, _Origin.REWRITE, _Origin.CONTINUE})
_BY_HAND = frozenset({_Origin.EDIT, _Origin.IMPORT, _Origin.RESTORE})


class Authors(NamedTuple):
    """Whose words a text has: the writer's own, and those of models, by their names."""

    writer: bool
    models: list[str]


def report_on(story: Story) -> dict[str, Any]:
    """Return the report on the text as it stands, whoever changed it last; empty of no text.

    It keeps to the settings that the text goes back to. Reads the whole text, unless the model left
    it so: not within a transaction.
    """
    if not story.text.strip():
        return {}
    version = story.versions.select_related("generation").get(number=story.version)
    made_by = version.generation
    if made_by is not None and version.origin in _BY_MODEL and "words" in made_by.report:
        known: dict[str, Any] = made_by.report
        if not looking.is_open(known):
            return known
        return {**known, "children": looking.children(story.text, looking.PAGE)}
    settings = Settings.of(settings_behind(story))
    told = report.story_report(story.text, settings)
    return {**told, **looking.about(story.text, settings, looking.PAGE)}


def authors(story: Story) -> Authors:
    """Return whose words the text has.

    The versions that it was made from tell who may have written; where a person and a model have
    both, the words tell of whom anything is left. Reads the whole text then.
    """
    if not story.text.strip():
        return Authors(writer=False, models=[])
    origins, texts = written_by(story, story.version)
    if not texts or not origins & _BY_HAND:
        return Authors(writer=not texts, models=list(texts))
    shares = report.shares(story.text, list(texts.values()))
    models = [model for model, words in zip(texts, shares.of, strict=True) if words]
    return Authors(writer=bool(shares.own) or not models, models=models)


def written_by(story: Story, number: int) -> tuple[set[str], dict[str, list[str]]]:
    """Return how the versions came about that version `number` was made from.

    And what each model wrote in them, by the models' names.
    """
    origins, generations = _lineage(story, number)
    written = Generation.objects.filter(pk__in=generations).order_by("pk")
    texts: dict[str, list[str]] = {}
    for model, kind, text, replacement in written.values_list(
        "model", "kind", "text", "replacement"
    ):
        told = replacement if kind == Generation.Kind.REWRITE else text
        texts.setdefault(model, []).append(told)
    return origins, texts


def _lineage(story: Story, wanted: int) -> tuple[set[str], set[int]]:
    """Return how the versions came about that the text was made from, and by which generations."""
    rows = story.versions.values_list("number", "parent", "origin", "generation")
    lineage = {number: (parent, origin, made_by) for number, parent, origin, made_by in rows}
    origins: set[str] = set()
    generations: set[int] = set()
    number: int | None = wanted
    while number in lineage:
        parent, origin, generation = lineage.pop(number)
        origins.add(origin)
        if generation is not None:
            generations.add(generation)
        # Nothing of what was there before is in a text that was written anew.
        number = None if origin == _Origin.WRITE else parent
    return origins, generations
