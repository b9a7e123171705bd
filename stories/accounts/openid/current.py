"""The provider of the settings, for what is only asked while there is one."""

from django.conf import settings
from django.http import Http404

from stories.accounts.openid.configuration import OpenID


def current() -> OpenID:
    """Return the provider; raises `Http404` where sign-in by OpenID Connect is off."""
    if settings.OIDC is None:
        raise Http404
    return settings.OIDC
