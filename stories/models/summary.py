"""The summary of what came before, for a story that a model can't read as a whole."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from stories.models.story import Story


class StorySummary(models.Model):
    """What happened in a story up to a place in it, told in short by the model or by the writer.

    It belongs to a take: another story written from nothing has another beginning.
    """

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="summary")
    text = models.TextField(blank=True)
    take = models.PositiveIntegerField(default=1)
    # Code points of the story's text that it tells of.
    upto = models.PositiveIntegerField(default=0)
    # What the writer has put into words is added to, and never told anew.
    is_own = models.BooleanField(_("edited by the writer"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return gettext("What came before in %(story)s") % {"story": self.story}
