"""What an ID token says, once it is known to be the provider's, for us, and of this sign-in.

OpenID Connect Core 1.0, section 3.1.3.7. allauth leaves the signature to TLS, as that section
allows; here it is checked all the same, since the keys are one request in ten minutes.
"""

from typing import Any

import jwt

from stories.accounts.openid.client import Unusable, remembered
from stories.accounts.openid.configuration import OpenID

# By keys that only the provider has: neither none nor a shared secret.
ALGORITHMS = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
]
LEEWAY = 60  # seconds that two clocks may differ by
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
# What PyJWT and cryptography raise for a token or key of a wrong shape.
_MISSHAPEN = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


def verified(token: Any, provider: OpenID, keys_url: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token.

    Raises `Unusable` for one of somebody else, for somebody else, of another sign-in, of before,
    or without a signature of the provider's; `requests.RequestException` if it has no keys now.
    """
    if not isinstance(token, str):
        raise Unusable("no ID token")
    try:
        header = jwt.get_unverified_header(token)
        if header["alg"] not in ALGORITHMS:
            raise Unusable(f"an ID token signed by {str(header['alg'])[:20]!r}")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(keys_url, header),
            algorithms=[header["alg"]],
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": _REQUIRED},
        )
    except _MISSHAPEN as error:
        raise Unusable(f"ID token: {type(error).__name__}") from error
    others = claims["aud"] != provider.client_id and claims["aud"] != [provider.client_id]
    if claims.get("azp", None if others else provider.client_id) != provider.client_id:
        raise Unusable("an ID token for somebody else")
    if claims.get("nonce") != nonce:
        raise Unusable("an ID token of another sign-in")
    return claims


def _key(url: str, header: dict[str, Any]) -> jwt.PyJWK:
    """Return the key that the token names; one that is not known yet may be a new one."""
    found = _matching(remembered(url), header) or _matching(remembered(url, anew=True), header)
    if not found:
        raise Unusable("an ID token signed by an unknown key")
    return jwt.PyJWK(found[0], algorithm=header["alg"])


def _matching(keys: dict[str, Any], header: dict[str, Any]) -> list[dict[str, Any]]:
    listed = keys.get("keys")
    name = header.get("kid")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("use", "sig") == "sig"
    ]
    if name is None:
        return usable if len(usable) == 1 else []
    return [key for key in usable if key.get("kid") == name]
