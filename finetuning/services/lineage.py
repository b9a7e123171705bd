"""Which stories teach which model: the approved stories as rows, and the way back."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import Row, RunFolder, read_rows
from prose.settings import Settings
from stories.history.provenance import settings_behind
from stories.models import Story, StoryVersion, WriterModel


def approved_rows(service: WriterModel | None) -> list[dict[str, Any]]:
    """Return the approved stories as the curators read them, with the prompt that made each.

    `taught` and `tested` tell which of them trained or tested the model in `service`.
    """
    sides = _sides(service)
    rows: list[dict[str, Any]] = []
    stories = Story.objects.approved().select_related("good_settings").order_by("pk")
    for story in stories:
        # A story is approved in the version that was marked; later edits don't change what was
        # read. Before a curator's version was kept, it was approved as it stood.
        version = story.versions.get(number=story.curated_version or story.good_version or 0)
        # An older process may have marked it while this one was installed.
        settings = story.good_settings or settings_behind(story, version.number)
        row = Row(
            story=story.pk,
            version=version.number,
            prompt=settings.prompt,
            text=version.text,
            settings=Settings.of(settings).to_dict(),
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


def taught_rows(run: TrainingRun) -> list[dict[str, Any]]:
    """Return the rows of the stories that `run` learned from, as far as they are still approved."""
    examples = run.examples.filter(side=TrainingExample.Side.TRAIN, story__isnull=False)
    taught = set(examples.values_list("story", "version"))
    return [row for row in approved_rows(None) if (row["story"], row["version"]) in taught]


def _sides(service: WriterModel | None) -> dict[int | None, str]:
    """Return on which side of the model in service each story was."""
    if service is None:
        return {}
    examples = TrainingExample.objects.filter(run__model=service)
    return dict(examples.values_list("story", "side"))


def record_examples(run: TrainingRun, sides: Mapping[TrainingExample.Side, Iterable[Row]]) -> None:
    """Keep which version of which story is on which side of `run`; again is no error.

    A story that is gone is kept too, without its name: the model was taught by one that is.
    """
    rows = [(side, row) for side, found in sides.items() for row in found]
    wanted = {row["story"] for _, row in rows}
    present = set(Story.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    versions = {
        (story, number): pk
        for pk, story, number in StoryVersion.objects.filter(story__in=present).values_list(
            "pk", "story", "number"
        )
    }
    with transaction.atomic():
        run.examples.all().delete()
        TrainingExample.objects.bulk_create(
            TrainingExample(
                run=run,
                story_id=row["story"] if row["story"] in present else None,
                version=row["version"],
                text_version_id=versions.get((row["story"], row["version"])),
                side=side,
            )
            for side, row in rows
        )


def withdrawn_from(rows: Iterable[tuple[int, int]]) -> set[int]:
    """Return which of `rows`, (story, version) each, may not train any more, by their stories.

    Those are the stories that are gone, deleted or not approved, and those whose approval is for
    another version now.
    """
    approved = dict(Story.objects.approved().values_list("pk", "curated_version"))
    # Before a curator's version was kept, a story was approved as it stood.
    return {
        story
        for story, version in rows
        if story not in approved or approved[story] not in {None, version}
    }


def left_and_gone(folder: RunFolder) -> tuple[list[Any], list[Any]]:
    """Return the rows of a run's stories: those that may still train, and the others.

    Raises `FileNotFoundError` where no stories are laid out.
    """
    rows = read_rows(folder.stories)
    withdrawn = withdrawn_from((row["story"], row["version"]) for row in rows)
    left = [row for row in rows if row["story"] not in withdrawn]
    return left, [row for row in rows if row["story"] in withdrawn]


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
    """Return how many approved stories no finished run has used or left out (as a duplicate)."""
    used = TrainingExample.objects.filter(
        run__state=TrainingRun.State.DONE, story__isnull=False
    ).values("story")
    return Story.objects.approved().exclude(pk__in=used).count()
