"""Asking the provider: within bounds of time and size, by TLS, and never elsewhere than it says."""

import ssl
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import requests
from allauth.socialaccount.providers.base.provider import ProviderException
from django.core.cache import cache as stored
from django.db import connection
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from stories.accounts.openid.configuration import OpenID, is_safe

CONNECT_TIMEOUT, SILENCE, WHOLE = 5.0, 5.0, 10.0  # seconds for one request
MAX_ANSWER = 1024 * 1024  # bytes
_BLOCK = 64 * 1024  # bytes
KEPT = 600  # seconds that the provider's configuration and keys are believed
_WELL_KNOWN = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

Check = Callable[[dict[str, Any]], None]


class Unusable(ProviderException):  # type: ignore[misc]  # allauth has no types
    """The provider's answer can't be used; the reason is for the log."""


class BoundedSession(requests.Session):
    """Requests that end: in time, after so many bytes, where they were sent to.

    Neither proxies nor passwords of the environment (`.netrc`) are used. Certificates are the
    system's, or those in `SSL_CERT_FILE`, and certifi's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        self.headers["Accept"] = "application/json"
        self.mount("https://", _Trusting())

    def request(self, method: Any, url: Any, *arguments: Any, **options: Any) -> requests.Response:
        """Ask; raises `requests.RequestException` if it takes too long, `Unusable` for too much."""
        if not connection.in_atomic_block:
            # A provider that takes its time keeps no connection of the database's pool meanwhile.
            connection.close()
        bounds = {"timeout": (CONNECT_TIMEOUT, SILENCE), "allow_redirects": False, "stream": True}
        ends = time.monotonic() + WHOLE
        response = super().request(method, url, *arguments, **{**options, **bounds})
        try:
            response._content = _read(response, ends)
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error
        finally:
            response.close()
        return response


class _Trusting(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=_tls())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(response: requests.Response, ends: float) -> bytes:
    body = bytearray()
    while block := response.raw.read1(_BLOCK, decode_content=False):
        body += block
        if len(body) > MAX_ANSWER:
            raise Unusable(f"more than {MAX_ANSWER} bytes from {response.url}")
        if time.monotonic() > ends:
            raise requests.Timeout(f"not there after {WHOLE:.0f} seconds")
    return bytes(body)


def fetch(url: str, token: str = "") -> dict[str, Any]:
    """Return the object that the provider answers with; `token` is shown to it as the bearer's.

    Raises `requests.RequestException`, `Unusable`.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with BoundedSession() as session:
        response = session.get(url, headers=headers)
    if response.status_code != requests.codes.ok:
        raise Unusable(f"status {response.status_code} from {url}")
    try:
        found = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unusable(f"no JSON from {url}") from error
    if not isinstance(found, dict):
        raise Unusable(f"no object from {url}")
    return found


def remembered(url: str, *, anew: bool = False, check: Check | None = None) -> dict[str, Any]:
    """Return what the provider answers at `url`, or has answered a while ago unless `anew`.

    What `check` refuses, by an exception, is not believed for a while either.
    """
    key = f"openid:{url}"
    kept: dict[str, Any] | None = None if anew else stored.get(key)
    found = fetch(url) if kept is None else kept
    if check is not None:
        check(found)
    if kept is None:
        stored.set(key, found, KEPT)
    return found


def configuration_of(provider: OpenID) -> dict[str, Any]:
    """Return the provider's configuration (OpenID Connect Discovery 1.0), looked through.

    It must name itself as the settings do (section 4.3), or another's tokens would be believed.
    """

    def check(found: dict[str, Any]) -> None:
        _look_through(found, provider.issuer)

    return remembered(provider.issuer.rstrip("/") + _WELL_KNOWN, check=check)


def _look_through(found: dict[str, Any], issuer: str) -> None:
    if found.get("issuer") != issuer:
        raise Unusable(f"it says of itself that its issuer is {str(found.get('issuer'))[:200]!r}")
    wanted = [*_ENDPOINTS, *(["userinfo_endpoint"] if "userinfo_endpoint" in found else [])]
    for name in wanted:
        if not isinstance(found.get(name), str) or not is_safe(found[name]):
            raise Unusable(f"its {name} is no https address")
