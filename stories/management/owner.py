"""Whose the stories are that a command makes."""

from django.core.management.base import CommandError

from stories.models import User


def owner_of_stories(name: str | None) -> User:
    """Return the user of that name, or else the first administrator. Raises `CommandError`."""
    found = User.objects.filter(is_superuser=True).order_by("pk")
    if name is not None:
        found = User.objects.filter(username=name)
    owner = found.first()
    if owner is None:
        who = f"nobody is called {name}" if name else "there is no administrator yet"
        raise CommandError(f"The stories need an owner, and {who}.")
    return owner
