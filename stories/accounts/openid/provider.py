"""allauth's provider for OpenID Connect, held to what the specification asks of a client."""

import base64
import hashlib
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.urls import reverse

from stories.accounts.openid import tokens
from stories.accounts.openid.client import Unusable, configuration_of, fetch
from stories.accounts.openid.configuration import OpenID
from stories.accounts.openid.current import current

_LONGEST_SUBJECT = 191  # characters; what allauth has room for
_LONGEST_TEXT = 320  # characters of a name or an address
# What allauth's exchange of the code raises for an answer of a wrong shape.
_MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


def nonce_of(verifier: str) -> str:
    """Return the nonce of a sign-in, which its PKCE verifier decides: both lie in one session.

    The ID token's own (Core, 15.5.2), so that the token of another sign-in does not fit.
    """
    digest = hashlib.sha256(f"nonce:{verifier}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def app_of(provider: OpenID) -> SocialApp:
    """Return the provider as allauth's app; it is stored nowhere."""
    return SocialApp(
        provider=OpenIDConnectProvider.id,
        # An account is known by issuer and subject: after a change of the issuer, nobody is taken
        # for whoever has the same number at the new one.
        provider_id=provider.issuer,
        name=provider.name,
        client_id=provider.client_id,
        secret=provider.client_secret,
        settings={"scope": list(provider.scopes), "oauth_pkce_enabled": True},
    )


class _Client(OAuth2Client):  # type: ignore[misc]  # allauth has no types
    def get_redirect_url(self, *arguments: Any) -> str:
        """Return where to sign in; the provider's address may have a query of its own."""
        base, _, query = super().get_redirect_url(*arguments).partition("?")
        return f"{base}?{query.replace('?', '&', 1)}"


class Exchange(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The way back: a code becomes tokens, and those the claims about a person."""

    client_class = _Client

    def __init__(self, request: HttpRequest, provider: OpenID) -> None:
        super().__init__(request, provider.issuer)
        self._provider = provider
        self._nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's configuration."""
        return configuration_of(self._provider)

    @property
    def basic_auth(self) -> bool:
        """Whether the client's secret goes into the header; so it does where nothing is said."""
        named = self.openid_config.get("token_endpoint_auth_methods_supported")
        return "client_secret_post" not in (named if isinstance(named, list) else [])

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where the provider sends people back to."""
        return request.build_absolute_uri(reverse("openid_callback"))

    def get_access_token_data(
        self,
        request: HttpRequest,
        app: SocialApp,
        client: OAuth2Client,
        pkce_code_verifier: str | None = None,
    ) -> dict[str, Any]:
        """Return the answer to the code; the verifier's nonce must be in its ID token."""
        self._nonce = nonce_of(pkce_code_verifier or "")
        try:
            data = super().get_access_token_data(request, app, client, pkce_code_verifier)
        except requests.JSONDecodeError as error:
            raise Unusable("no JSON for the code") from error
        except OAuth2Error as error:
            # Its words repeat the answer, which may hold a token.
            raise Unusable("no tokens for the code") from error
        except _MISSHAPEN as error:
            raise Unusable(f"answer to the code: {type(error).__name__}") from error
        if not isinstance(data, dict) or not isinstance(data.get("access_token"), str):
            raise Unusable("no access token")
        return data

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """Return the token to ask for the claims with; it is kept nowhere."""
        return SocialToken(token=data["access_token"])

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **more: Any
    ) -> SocialLogin:
        """Return the person: the ID token's claims, and those at the provider's userinfo."""
        addresses = self.openid_config
        keys = addresses["jwks_uri"]
        claims = tokens.verified(
            more["response"].get("id_token"), self._provider, keys, self._nonce
        )
        if userinfo := addresses.get("userinfo_endpoint"):
            told = fetch(userinfo, token.token)
            if told.get("sub") != claims["sub"]:  # Core, 5.3.2
                raise Unusable("the userinfo is about somebody else")
            claims = {**claims, **told}
        return self.get_provider().sociallogin_from_response(request, claims)


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """What allauth makes of the claims, and what it asks the provider for."""

    def get_oauth2_adapter(self, request: HttpRequest) -> Exchange:
        """Return the exchange with the provider of the settings."""
        return Exchange(request, current())

    def get_pkce_params(self) -> dict[str, Any]:
        """Return the challenge, and beside it the nonce that its verifier decides."""
        challenge: dict[str, Any] = super().get_pkce_params()
        return {**challenge, "nonce": nonce_of(challenge["code_verifier"])}

    def sociallogin_from_response(
        self, request: HttpRequest, response: dict[str, Any]
    ) -> SocialLogin:
        """Return a person who comes, with the claims about them for as long as the request is."""
        login = super().sociallogin_from_response(request, response)
        login.claims = response
        return login

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the person's number at the provider."""
        subject = data["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise Unusable("a subject that is no text, or too long")
        if not subject.isprintable():
            raise Unusable("a subject with control characters")
        return subject

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what is stored of the claims: nothing."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what an account begins with; a claim that is no text is left out."""
        texts = {name: _printable(each) for name, each in data.items() if isinstance(each, str)}
        return {
            "email": texts.get("email"),
            # Many providers' names of users are addresses.
            "username": texts.get("preferred_username", "").partition("@")[0],
            "name": texts.get("name"),
            "first_name": texts.get("given_name"),
            "last_name": texts.get("family_name"),
        }

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Return the person's address; it is confirmed if the provider says so in so many words."""
        email = data.get("email")
        if not isinstance(email, str):
            return []
        confirmed = data.get("email_verified")
        is_verified = confirmed is True or confirmed == "true"
        return [EmailAddress(email=_printable(email), verified=is_verified, primary=True)]


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text[:_LONGEST_TEXT]))
