"""What writers preferred, for preference training."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from stories.models.generation import Generation
from stories.models.story import Story


class PreferencePair(models.Model):
    """One answer that a writer preferred to another one, to the same prompt."""

    class Source(models.TextChoices):
        PASSAGE = "passage", _("A replacement over the passage that it replaced")
        TRY = "try", _("A replacement over another try at it")
        TAKE = "take", _("A good story over another take of it")

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="preference_pairs")
    source = models.CharField(max_length=10, choices=Source)
    prompt = models.TextField()
    chosen = models.TextField()
    rejected = models.TextField()
    # The one that wrote what was chosen.
    generation = models.ForeignKey(
        Generation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="preference_pairs",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_source_display()} ({self.story})"
