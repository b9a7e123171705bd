"""The stories that both models of a run wrote to be judged, where every machine can read them."""

from django.db import models
from django.utils.translation import gettext

from finetuning.models.run import TrainingRun


class EvaluationPair(models.Model):
    """Two stories of a run's evaluation, as the run's folder has them; votes know their `number`.

    `stories` is {side: story}, and blank once it tells of a withdrawn story. `asked` are the
    stories that have the pair's prompt, [story, version, whether it has its writer's own words];
    `copied` are those whose text the pair repeats, [story, version].
    """

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="pairs")
    number = models.PositiveIntegerField()
    stories = models.JSONField()
    asked = models.JSONField(default=list, blank=True)
    copied = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_pair_of_a_number_per_run")
        ]

    def __str__(self) -> str:
        return gettext("Pair %(number)s of run %(run)s") % {
            "number": self.number,
            "run": self.run_id,
        }
