"""Addresses from the environment: brought into the one form that is compared later, or refused.

Every function takes what a person wrote and returns what the app uses, or raises
`environs.ValidationError` with one sentence. Spaces and quotes around a value are not part of it:
some tools that read files of variables leave them there.
"""

import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

import dj_database_url
import dj_email_url
from environs import ValidationError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_DATABASES = ("postgres", "postgresql", "pgsql", "sqlite")
_NETWORK_REDIS = ("redis", "rediss")
# Our schemes -> those of dj_email_url, which takes one it doesn't know for mail without TLS.
_MAIL = {
    "smtp": ("smtp", ""),
    "smtp+tls": ("submission", ""),
    "submission": ("submission", ""),
    "smtp+ssl": ("smtp", "ssl=true"),
}
_MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "submission": 587, "smtp+ssl": 465}
_MAIL_TIMEOUT = 20  # seconds; without one, a page would wait for a silent mail server for ever


def bare(value: str) -> str:
    """Return `value` without the spaces and quotes around it."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1].strip()
    return value


def origins(value: str) -> list[str]:
    """Return the origins in a comma-separated list, each as a browser writes it."""
    found = [origin(part) for part in bare(value).split(",") if bare(part)]
    return list(dict.fromkeys(found))


def origin(value: str) -> str:
    """Return an origin as a browser writes it: no slash at the end, no default port, lower case."""
    shown = bare(value)
    url = _split(shown)
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        raise ValidationError(
            f"{shown!r} is not an origin like https://stories.example.org: scheme and host."
        )
    if url.path not in {"", "/"} or url.query or url.fragment or "@" in url.netloc:
        raise ValidationError(
            f"{shown!r} is more than an origin, which is only scheme, host and port: "
            "https://stories.example.org."
        )
    port = "" if url.port in {None, _DEFAULT_PORTS[url.scheme]} else f":{url.port}"
    return f"{url.scheme}://{_host(url.hostname, shown)}{port}"


def host_of(address: str) -> str:
    """Return the host of an origin, as a request's `Host` names it; IPv6 in brackets."""
    return _bracketed(urlsplit(address).hostname or "")


def prefix(value: str) -> str:
    """Return the path below which the site stands: "/stories", or the empty string for the root."""
    value = bare(value).strip("/")
    if not value:
        return ""
    if not all(_SEGMENT.fullmatch(part) and part.strip(".") for part in value.split("/")):
        raise ValidationError("Not a path like /stories: letters, digits and - _ . ~ only.")
    return f"/{value}"


def database(value: str) -> dict[str, Any]:
    """Return Django's settings for a database that we know how to keep a library in."""
    value = bare(value)
    kind = value.partition(":")[0].lower()
    wrong = ValidationError("Not a valid database URL like postgres://user:password@host/name.")
    if kind not in _DATABASES:
        raise wrong
    try:
        # A slash at the end would become part of the name.
        return dict(dj_database_url.parse(value if kind == "sqlite" else value.rstrip("/")))
    except ValueError as error:
        raise wrong from error


def redis(value: str) -> str:
    """Return the address of a Redis server; an empty one means none."""
    value = bare(value)
    if not value:
        return ""
    url = _split(value)
    number = url.path.strip("/")
    if url.scheme not in _NETWORK_REDIS or not url.hostname or not (number or "0").isdecimal():
        raise ValidationError("Not an address like redis://host:6379/0.")
    return value.rstrip("/")


def mail(value: str) -> dict[str, Any]:
    """Return Django's settings for the mail server `value`; an empty one means none."""
    value = bare(value)
    if not value:
        return {}
    url = _split(value)
    if url.scheme not in _MAIL or not url.hostname or url.path.strip("/"):
        raise ValidationError("Not an address like smtp+tls://user:password@host:587.")
    scheme, query = _MAIL[url.scheme]
    netloc = url.netloc if url.port else f"{url.netloc.rstrip(':')}:{_MAIL_PORTS[url.scheme]}"
    asked = "&".join(part for part in (query, url.query) if part)
    found: dict[str, Any] = dj_email_url.parse(f"{scheme}://{netloc}/?{asked}")
    return {**found, "EMAIL_TIMEOUT": found["EMAIL_TIMEOUT"] or _MAIL_TIMEOUT}


def _split(value: str) -> SplitResult:
    """Split an address; raises `ValidationError` for brackets or a port that are none."""
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError as error:
        # Without the error's own words: they may hold a part of a password.
        raise ValidationError(
            "Not an address: what it names as host or port can't be one."
        ) from error
    return url


def _host(name: str, shown: str) -> str:
    """Return a host's name as browsers send it: letters of other scripts in their ASCII form."""
    try:
        return _bracketed(str(ipaddress.ip_address(name)))
    except ValueError:
        pass
    try:
        ascii_name = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        ascii_name = ""
    if not _NAME.fullmatch(ascii_name):
        raise ValidationError(f"{shown!r} names no host: write each one out.")
    return ascii_name


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
