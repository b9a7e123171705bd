"""What somebody prefers, brought in from a file."""

from django.db import models

from stories.models import User


class ImportedPair(models.Model):
    """One text over another one, to the same prompt; it goes with the account that brought it."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="imported_pairs")
    prompt = models.TextField()
    chosen = models.TextField()
    rejected = models.TextField()
    # SHA-256 of the three, so that the same pair is brought in once.
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.chosen[:40]} ({self.owner})"
