"""A writer's choice between two stories of the same settings, made without knowing the models."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finetuning.models.run import TrainingRun
from stories.models import User


class BlindVote(models.Model):
    """One writer on one pair of stories of a run's evaluation; once each."""

    class Preferred(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        SERVICE = "service", _("Service")
        NEITHER = "neither", _("Neither")

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="votes")
    pair = models.PositiveIntegerField()
    voter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blind_votes")
    preferred = models.CharField(max_length=10, choices=Preferred)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "pair", "voter"], name="one_vote_of_a_writer_per_pair"
            )
        ]

    def __str__(self) -> str:
        return gettext("%(side)s in pair %(pair)s of run %(run)s") % {
            "side": self.preferred,
            "pair": self.pair,
            "run": self.run_id,
        }
