"""What allauth asks us about people who come from the provider: who gets in, and as whom."""

import logging
from typing import TYPE_CHECKING, Any

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from stories.accounts.openid import sayings
from stories.accounts.openid.current import current
from stories.accounts.openid.groups import groups_of
from stories.accounts.openid.passwords import is_connected
from stories.accounts.openid.rights import set_rights
from stories.models import User

if TYPE_CHECKING:
    import requests
    from allauth.socialaccount.models import SocialApp, SocialLogin

    from stories.accounts.openid.provider import Provider

logger = logging.getLogger(__name__)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """One provider, from the settings; its groups decide."""

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> "Provider":
        """Return the provider of the settings, whichever is asked for."""
        from stories.accounts.openid.provider import Provider, app_of

        return Provider(request, app=app_of(current()))

    def list_apps(self, request: HttpRequest, **_: Any) -> "list[SocialApp]":
        """Return none: the database is not looked into for providers."""
        return []

    def get_requests_session(self) -> "requests.Session":
        """Return what allauth asks the provider with."""
        from stories.accounts.openid.client import BoundedSession

        return BoundedSession()

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Return where somebody is led who connected their account."""
        return reverse("openid_connect")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Answer with a page of ours, and log what the matter is; always raises."""
        raise ImmediateHttpResponse(
            sayings.tell(request, fate(request, error, exception, extra_context or {}))
        )

    def authenticate_by_email(self, sociallogin: "SocialLogin") -> tuple[User, str] | None:
        """Return the account that a confirmed address finds, where the settings allow it.

        Never one with rights, nor one that belongs to somebody at the provider already: addresses
        are given to others when people leave.
        """
        if not current().trust_email:
            return None
        for address in sociallogin.email_addresses:
            found = filter_users_by_email(address.email, prefer_verified=True, for_login=True)
            if address.verified and len(found) == 1:
                user: User = found[0]
                if not (user.is_staff or user.is_superuser or is_connected(user)):
                    return user, address.email
        return None

    def pre_social_login(self, request: HttpRequest, sociallogin: "SocialLogin") -> None:
        """Let in whom the groups let in, as themselves, with the rights of their groups."""
        groups = sociallogin.groups = _groups(sociallogin.claims)
        required = current().required_groups
        if required and not required & groups:
            raise ImmediateHttpResponse(sayings.tell(request, sayings.NOT_INVITED))
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        if sociallogin.is_existing:
            if sociallogin.account.pk is None:  # found by the address
                sociallogin.connect(request, sociallogin.user)
            set_rights(sociallogin.user, groups)
        elif any(filter_users_by_email(each.email) for each in sociallogin.email_addresses):
            # Where no password lets them in, they can't connect the two themselves.
            told = sayings.TAKEN_FOR_NOW if current().only else sayings.TAKEN
            raise ImmediateHttpResponse(sayings.tell(request, told))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: "SocialLogin") -> bool:
        """Tell whether somebody new gets an account; the first one is an administrator's."""
        if not User.objects.filter(is_superuser=True).exists():
            if sociallogin.groups & current().admin_groups:
                return True
            raise ImmediateHttpResponse(sayings.tell(request, sayings.UNCLAIMED))
        return current().signup

    def save_user(self, request: HttpRequest, sociallogin: "SocialLogin", form: Any = None) -> User:
        """Store a new account with the rights of its groups, whole or not at all."""
        try:
            with transaction.atomic():
                user: User = super().save_user(request, sociallogin, form)
                set_rights(user, sociallogin.groups)
        except IntegrityError as error:
            raise ImmediateHttpResponse(sayings.tell(request, sayings.AT_ONCE)) from error
        return user


def _groups(claims: dict[str, Any]) -> frozenset[str]:
    provider = current()
    if not (provider.required_groups or provider.admin_groups or provider.curator_groups):
        return frozenset()
    return groups_of(claims, provider.groups_claim)


def fate(
    request: HttpRequest, error: Any, exception: Exception | None, context: dict[str, Any]
) -> sayings.Told:
    """Return what a person is told of a sign-in that went wrong, and log what an operator needs."""
    from requests import RequestException

    if error == AuthError.CANCELLED:
        return sayings.CANCELLED
    if isinstance(exception, RequestException):
        logger.warning("OpenID Connect: the provider can't be asked: %.300s", exception)
        return sayings.UNREACHABLE
    if exception is not None:
        logger.warning("OpenID Connect: %s", exception)
        return sayings.UNUSABLE
    if "state" not in context:
        return sayings.OVER
    logger.warning("OpenID Connect: the provider says %.60r", request.GET.get("error"))
    return sayings.UNUSABLE
