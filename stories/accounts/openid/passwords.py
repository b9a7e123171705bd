"""Whom a password lets in beside the provider."""

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from stories.models import User


def is_connected(user: User) -> bool:
    """Tell whether `user` signs in through the provider of now."""
    provider = settings.OIDC
    if provider is None:
        return False
    found: bool = SocialAccount.objects.filter(user=user, provider=provider.issuer).exists()
    return found


def is_locked_to_provider(user: User) -> bool:
    """Tell whether the provider is the only way in for `user`.

    An account that belongs to somebody whom the provider knows ends with them: who left the school
    can't come back with a password. Administrators can: the provider may be down, or wrongly set.
    """
    provider = settings.OIDC
    if provider is None or user.is_superuser:
        return False
    return provider.only or is_connected(user)
