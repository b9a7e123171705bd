"""One training run, a state machine in a row; and its examples."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finetuning.pipeline.run_folder import RunFolder
from finetuning.recipes import Recipe
from stories.models import Story, StoryVersion, User, WriterModel


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    """Verbs over runs."""

    def active(self) -> "TrainingRunQuerySet":
        """Return the run that is queued or running; there is at most one."""
        return self.filter(state__in=ACTIVE_STATES)

    def owned(self, run: int, runner: str) -> "TrainingRunQuerySet":
        """Return run number `run` if `runner` holds it."""
        return self.filter(pk=run, state=TrainingRun.State.RUNNING, runner=runner)

    def abandoned(self) -> "TrainingRunQuerySet":
        """Return the running run whose worker let its lease run out.

        A lease far in the future was taken before the clock was set back. A live worker renews it
        within seconds; should it be taken from one all the same, the run goes on from its
        checkpoint.
        """
        now = timezone.now()
        longest = now + timedelta(seconds=2 * settings.TRAIN_LEASE_SECONDS)
        over = models.Q(lease_until__lt=now) | models.Q(lease_until__gt=longest)
        return self.filter(over, state=TrainingRun.State.RUNNING)

    def forgotten(self, seconds: float) -> "TrainingRunQuerySet":
        """Return the queued run that no worker has taken for `seconds`."""
        since = timezone.now() - timedelta(seconds=seconds)
        return self.filter(state=TrainingRun.State.QUEUED, queued_at__lt=since)


class TrainingRun(models.Model):
    """What was tuned from what, how it went and how it was judged.

    queued → running → done, failed or cancelled; a running one whose worker died is queued again,
    and a failed or cancelled one can be resumed. Only `finetuning.services` changes `state`, by
    compare-and-set; `runner` names the worker that holds the lease.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Origin(models.TextChoices):
        ADMIN = "admin", _("Admin")
        COMMAND = "command", _("Command line")
        NIGHTLY = "nightly", _("By itself")

    # Always 1: with the constraint below, it makes active runs unique.
    slot = models.PositiveSmallIntegerField(default=1, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.ADMIN)
    requested_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="training_runs"
    )
    recipe = models.JSONField()
    stage = models.CharField(max_length=20, blank=True)
    # Claims since a stage was last finished.
    attempts = models.PositiveIntegerField(default=0)
    runner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    progress = models.JSONField(default=dict, blank=True)
    # [step, train loss or null, held-out loss or null]
    curve = models.JSONField(default=list, blank=True)
    dataset = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    scores = models.JSONField(default=dict, blank=True)
    verdict = models.CharField(max_length=12, blank=True)
    error = models.CharField(max_length=500, blank=True)
    # The end of the folder's log, for machines that have no such folder.
    log_end = models.TextField(blank=True)
    # The model in service when the comparison began, by the server's name.
    service = models.CharField(max_length=200, blank=True)
    model = models.OneToOneField(
        WriterModel, on_delete=models.SET_NULL, null=True, blank=True, related_name="run"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=models.Q(state__in=("queued", "running")),
                name="one_active_training_run",
            )
        ]

    def __str__(self) -> str:
        name = self.recipe.get("name", "?")
        return gettext("Run %(number)s (%(recipe)s)") % {"number": self.pk, "recipe": name}

    @property
    def folder(self) -> RunFolder:
        """The run's files; the folder's name is made from the number alone."""
        return RunFolder(Path(settings.DATA_DIR) / "training" / f"run-{self.pk}")

    @property
    def is_active(self) -> bool:
        """Whether it is queued or running."""
        return self.state in ACTIVE_STATES

    @property
    def can_resume(self) -> bool:
        """Whether it can go on from what is there."""
        return self.state in {self.State.FAILED, self.State.CANCELLED}

    @property
    def recipe_values(self) -> Recipe:
        """The recipe. Raises `RecipeError` for one of another version of the program."""
        return Recipe.from_dict(self.recipe)

    def log_tail(self, size: int = 8_000) -> str:
        """Return the last `size` bytes of the log, whole lines; as kept, where it is not here."""
        try:
            with self.folder.log.open("rb") as file:
                end = file.seek(0, 2)
                file.seek(max(0, end - size))
                text = file.read().decode(errors="replace")
        except OSError:
            return self.log_end
        text = text.replace("\0", "")  # PostgreSQL keeps none
        return text if end <= size else text.partition("\n")[2]


ACTIVE_STATES: tuple[Any, ...] = (TrainingRun.State.QUEUED, TrainingRun.State.RUNNING)


class TrainingExample(models.Model):
    """Which version of which story trained or tested which run, or was left out of it.

    The story may be gone: the row then still says that there was one.
    """

    class Side(models.TextChoices):
        TRAIN = "train", _("Trained")
        HELD_OUT = "held-out", _("Held out")
        LEFT_OUT = "left-out", _("Left out")

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="examples")
    story = models.ForeignKey(
        Story, on_delete=models.SET_NULL, null=True, blank=True, related_name="training_examples"
    )
    version = models.PositiveIntegerField()
    # The row of that version: thinning spares what a row points to.
    text_version = models.ForeignKey(
        StoryVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="examples"
    )
    side = models.CharField(max_length=10, choices=Side)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "story"], name="one_example_of_a_story_per_run")
        ]

    def __str__(self) -> str:
        return gettext("%(side)s %(story)s v%(version)s in run %(run)s") % {
            "side": self.side,
            "story": self.story_id,
            "version": self.version,
            "run": self.run_id,
        }

    @property
    def shown_story(self) -> Story | None:
        """The story, unless it is gone, or its writer's alone again."""
        return self.story if self.story is not None and self.story.is_shown_to_staff else None
