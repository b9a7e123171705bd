"""Who may open an account, and who becomes the administrator."""

from django.conf import settings
from django.db import IntegrityError, transaction

from stories.models import User


def is_open() -> bool:
    """Tell whether an account can be opened now: the first one always, others if it is allowed."""
    return is_allowed() or not User.objects.exists()


def is_allowed() -> bool:
    """Tell whether anybody may open an account, with a password."""
    return bool(settings.ALLOW_SIGNUP) and not (settings.OIDC and settings.OIDC.only)


def make_administrator_if_first(user: User) -> bool:
    """Give `user` every right if there is no older account; tell whether it was so."""
    if User.objects.filter(pk__lt=user.pk).exists():
        return False
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(
                is_founder=True, is_staff=True, is_superuser=True
            )
    except IntegrityError:
        return False  # two first accounts at once, and the other was quicker
    user.refresh_from_db()
    return True
