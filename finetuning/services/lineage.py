"""Which stories teach which model: the approved stories as rows, and the way back."""

from typing import Any

from django.db.models import QuerySet

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.runs import Row
from stories.models import Story, StorySettings, StoryVersion, WriterModel

_SETTINGS = (
    "main_characters",
    "keywords",
    "genre",
    "register",
    "child_friendly",
    "max_words",
    "final_twist",
)


def approved_rows(service: WriterModel | None) -> list[dict[str, Any]]:
    """Return the approved stories as the curators read them, with the prompt that made each.

    `taught` and `tested` tell which of them trained or tested the model in `service`.
    """
    sides = _sides(service)
    rows: list[dict[str, Any]] = []
    stories = Story.objects.approved().select_related("settings").order_by("pk")
    for story in stories:
        # A story is approved in one version; later edits don't change what was read.
        version = story.versions.get(number=story.curated_version or story.version)
        settings = _settings_of(story, version)
        row = Row(
            story=story.pk,
            version=version.number,
            prompt=settings.prompt,
            text=version.text,
            settings={name: getattr(settings, name) for name in _SETTINGS},
        )
        side = sides.get(story.pk)
        rows.append(
            {
                **row,
                "taught": side == TrainingExample.Side.TRAIN,
                "tested": side == TrainingExample.Side.HELD_OUT,
            }
        )
    return rows


def _settings_of(story: Story, version: StoryVersion) -> StorySettings:
    """Return the settings that the version's take was written with; the story's may be newer."""
    written = (
        story.versions.filter(take=version.take, generation__isnull=False)
        .select_related("generation__settings")
        .order_by("number")
        .first()
    )
    if written is None or written.generation is None:
        return story.settings
    return written.generation.settings


def _sides(service: WriterModel | None) -> dict[int | None, str]:
    """Return on which side of the model in service each story was."""
    if service is None:
        return {}
    examples = TrainingExample.objects.filter(run__model=service)
    return dict(examples.values_list("story", "side"))


def record_examples(run: TrainingRun, train: list[Row], held_out: list[Row]) -> None:
    """Keep which version of which story is on which side of `run`; again is no error."""
    sides = {TrainingExample.Side.TRAIN: train, TrainingExample.Side.HELD_OUT: held_out}
    wanted = {row["story"] for rows in sides.values() for row in rows}
    present = set(Story.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    TrainingExample.objects.bulk_create(
        [
            TrainingExample(run=run, story_id=row["story"], version=row["version"], side=side)
            for side, rows in sides.items()
            for row in rows
            if row["story"] in present
        ],
        ignore_conflicts=True,
    )


def taught_by(story: Story) -> QuerySet[WriterModel]:
    """Return the models that `story` taught."""
    return WriterModel.objects.filter(
        run__examples__story=story, run__examples__side=TrainingExample.Side.TRAIN
    ).distinct()


def withdrawn(model: WriterModel) -> int:
    """Return how many of the stories that taught `model` have been withdrawn or deleted since.

    Worked out anew each time, so that no way of withdrawing a story is forgotten.
    """
    return (
        TrainingExample.objects.filter(run__model=model, side=TrainingExample.Side.TRAIN)
        .exclude(story__in=Story.objects.approved())
        .count()
    )


def newly_approved() -> int:
    """Return how many stories have been approved since the last finished run began.

    By time, and not by what was trained on: a near-duplicate that each run leaves out is not new.
    """
    approved = Story.objects.approved()
    last = TrainingRun.objects.filter(state=TrainingRun.State.DONE).order_by("-created_at").first()
    return approved.filter(curated_at__gt=last.created_at).count() if last else approved.count()
