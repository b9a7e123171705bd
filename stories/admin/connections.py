"""Which account belongs to whom at the sign-in provider, shown with its user.

allauth's own pages about providers, their keys and tokens are taken out of the admin: here they
come from the environment, and no token is kept.
"""

from typing import Any

import allauth.socialaccount.admin  # noqa: F401  # registers what is taken out below
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

admin.site.unregister([SocialAccount, SocialApp, SocialToken])


class ConnectionInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """An account's place at a provider; deleting it parts the two."""

    model = SocialAccount
    verbose_name = _("account at the sign-in provider")
    verbose_name_plural = _("accounts at the sign-in provider")
    fields = readonly_fields = ("issuer", "subject", "since", "last")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody makes one by hand: who owns the account there shows it by signing in."""
        return False

    @admin.display(description=_("provider"))
    def issuer(self, account: Any) -> str:
        """Return the provider's address."""
        return str(account.provider)

    @admin.display(description=_("number there"))
    def subject(self, account: Any) -> str:
        """Return what the provider knows the account by."""
        return str(account.uid)

    @admin.display(description=_("since"))
    def since(self, account: Any) -> Any:
        """Return when the two were connected."""
        return account.date_joined

    @admin.display(description=_("last sign-in"))
    def last(self, account: Any) -> Any:
        """Return when it was used."""
        return account.last_login
