"""What people say of two models' stories without knowing which model wrote which."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finetuning.models.run import TrainingRun
from stories.models import User


class Preferred(models.TextChoices):
    """The side of a pair that somebody liked better."""

    CANDIDATE = "candidate", _("Candidate")
    SERVICE = "service", _("Service")
    NEITHER = "neither", _("Neither")


class BlindVote(models.Model):
    """One person on one pair of stories of a run's evaluation; once each.

    Some pairs are shown `again`, the other way round. An answer that `turned` with the order is
    kept as one for neither.
    """

    Preferred = Preferred

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="votes")
    pair = models.PositiveIntegerField()
    voter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blind_votes")
    preferred = models.CharField(max_length=10, choices=Preferred)
    again = models.BooleanField(default=False)
    turned = models.BooleanField(default=False)
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


class OwnPair(models.Model):
    """Two stories that both models of a run wrote for somebody's own settings, and what they said.

    The texts are empty until they are written, `preferred` until it is decided.
    """

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="own_pairs")
    voter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="own_pairs")
    prompt = models.TextField()
    max_words = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    candidate = models.TextField(blank=True)
    service = models.TextField(blank=True)
    preferred = models.CharField(max_length=10, choices=Preferred, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return gettext("Pair of %(voter)s's own for run %(run)s") % {
            "voter": self.voter_id,
            "run": self.run_id,
        }


class ComparisonConsent(models.Model):
    """Somebody lets others compare stories that models write from the settings of theirs.

    Names, keywords and what should happen are in such stories.
    """

    writer = models.OneToOneField(User, on_delete=models.CASCADE, related_name="comparison_consent")
    given_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return gettext("Consent of %(writer)s") % {"writer": self.writer_id}
