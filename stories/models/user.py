"""The site's user: Django's own, in a table of ours so that it can grow."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A writer; `is_staff` makes a curator, `is_superuser` the administrator."""

    # The first account of the installation; the constraint decides between two at once.
    is_founder = models.BooleanField(default=False, editable=False)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["is_founder"], condition=models.Q(is_founder=True), name="one_founder"
            )
        ]
