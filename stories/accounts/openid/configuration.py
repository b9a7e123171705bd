"""The settings of sign-in by OpenID Connect, from the environment; none of them, and it is off."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from environs import Env, EnvError, ValidationError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# What allauth has room for; an account is known by the provider's address and its own number there.
_LONGEST = 200  # characters


@dataclass(frozen=True)
class OpenID:
    """A provider, and what is done with whom it knows."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "OpenID Connect"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    curator_groups: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()
    required_groups: frozenset[str] = frozenset()  # of these at least one
    signup: bool = False  # whether who has no account yet gets one
    trust_email: bool = False  # whether a confirmed address finds the account that is here already
    only: bool = False  # whether passwords are the administrators' alone


def is_safe(address: str) -> bool:
    """Tell whether a provider's address may be asked: by TLS, but for one on this machine."""
    try:
        url = urlsplit(address)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    if not host or "@" in url.netloc or url.fragment or not address.isprintable():
        return False
    return url.scheme == "https" or (url.scheme == "http" and host in _LOOPBACK)


def from_environment(env: Env) -> OpenID | None:
    """Return the provider that the environment names, if it names one.

    Raises `environs.EnvError` with the variable that is wrong or missing.
    """
    issuer = env.str("OIDC_ISSUER", "", validate=_issuer).strip()
    # Asked for also while it is off: a wrong value is told at once.
    curators = env.str("OIDC_CURATOR_GROUPS", "")
    admins = env.str("OIDC_ADMIN_GROUPS", "")
    required = env.str("OIDC_REQUIRED_GROUPS", "")
    signup = env.bool("OIDC_SIGNUP", env.bool("ALLOW_SIGNUP", False))
    trust_email, only = env.bool("OIDC_TRUST_EMAIL", False), env.bool("OIDC_ONLY", False)
    if not issuer:
        return None
    return OpenID(
        issuer=issuer,
        client_id=_needed("OIDC_CLIENT_ID", env.str("OIDC_CLIENT_ID", "")),
        client_secret=_needed("OIDC_CLIENT_SECRET", env.str("OIDC_CLIENT_SECRET", "")),
        name=env.str("OIDC_NAME", "").strip() or OpenID.name,
        scopes=tuple(dict.fromkeys(["openid", *_scopes(env.str("OIDC_SCOPES", ""))])),
        groups_claim=env.str("OIDC_GROUPS_CLAIM", "").strip() or OpenID.groups_claim,
        curator_groups=names(curators),
        admin_groups=names(admins),
        required_groups=names(required),
        signup=signup,
        trust_email=trust_email,
        only=only,
    )


def names(value: str) -> frozenset[str]:
    """Return the groups in a list: between commas or, where a semicolon stands, between those.

    A directory's own names for groups have commas in them: `cn=teachers,dc=school;`.
    """
    between = ";" if ";" in value else ","
    return frozenset(part.strip() for part in value.split(between)) - {""}


def _scopes(value: str) -> list[str]:
    return value.replace(",", " ").split() or list(OpenID.scopes)


def _issuer(value: str) -> None:
    value = value.strip()
    if value and (not is_safe(value) or urlsplit(value).query or len(value) > _LONGEST):
        raise ValidationError(
            "Not an address like https://login.example.org/realms/school: https, host and path, "
            f"{_LONGEST} characters at most, as the provider itself names its issuer."
        )


def _needed(name: str, value: str) -> str:
    if not value.strip():
        raise EnvError(f"{name} is missing: OIDC_ISSUER needs it.")
    return value.strip()
