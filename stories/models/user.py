"""The site's user: Django's own, in a table of ours so that it can grow."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A writer; `is_staff` makes a curator, `is_superuser` the administrator."""
