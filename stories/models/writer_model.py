"""The models in the model server that stories are, were or may be written with."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from modelserver import names
from stories.models.user import User


class WriterModelQuerySet(models.QuerySet["WriterModel"]):
    """Verbs over models."""

    def in_service(self, base: str) -> "WriterModel | None":
        """Return the model in service, if it was tuned from `base`, by any of its names.

        After a move to another model server, what was tuned for the old one rests.
        """
        active = self.filter(state=WriterModel.State.ACTIVE).first()
        return active if active is not None and names.same(active.base, base) else None


class WriterModel(models.Model):
    """A model that was tuned here; `base` is the model it was tuned from, by the server's name.

    At most one is active: the one that the next story is written with. Without one, the base is.
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        ACTIVE = "active", _("In service")
        RETIRED = "retired", _("Retired")
        REJECTED = "rejected", pgettext_lazy("model", "Rejected")

    name = models.CharField(max_length=200, unique=True)
    # What people call it.
    title = models.CharField(_("its name to people"), max_length=80, blank=True)
    base = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.CANDIDATE)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="promoted_models"
    )
    # Why, when the measured gate did not pass.
    promotion_reason = models.CharField(max_length=300, blank=True)
    # The model that this one took the place of: a rollback goes there. None is the base.
    replaced = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )

    objects = WriterModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("model")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_writer_model"
            )
        ]

    def __str__(self) -> str:
        return self.name


def model_in_service() -> str:
    """Return the model server's name of the model that the next story is written with."""
    model = WriterModel.objects.in_service(settings.STORY_MODEL)
    return model.name if model is not None else settings.STORY_MODEL
