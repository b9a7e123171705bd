"""The model server as an operator describes it: address, credentials, certificates, patience.

Nothing but the standard library: the trainer's environment has no more.
"""

import base64
import ipaddress
import math
import re
import secrets
import ssl
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Self
from urllib.parse import SplitResult, quote, unquote, urlsplit

# Goes along with what is asked of the server, so that its log can be read beside ours.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

APIS = ("", "ollama", "openai")
DEFAULT_URL = "http://127.0.0.1:11434"
_OLLAMA_PORT = 11434  # where an address has no scheme, as Ollama itself reads it
_MOST_DIGITS = 4
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_DURATION = re.compile(r"-?[0-9]{1,9}(ms|s|m|h)")
_PRINTABLE = re.compile(r"[!-~]*")
# Addresses to listen on that are none to ask at.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
# What people copy along: the ends of the OpenAI-compatible address and of Ollama's own.
_API_ENDS = ("v1", "api")


def new_request_id() -> str:
    """Return an id for `REQUEST_ID`."""
    return secrets.token_hex(8)


class ServerSettingsError(ValueError):
    """A variable makes no sense; the message names it and never says what it holds."""


@dataclass(frozen=True, slots=True)
class Server:
    """A model server and how to ask it; what is secret is not in `repr`.

    `url` has no credentials and no slash at its end; times are in seconds.
    """

    url: str = DEFAULT_URL
    api: str = ""  # "ollama" or "openai"; empty: as it is found to speak
    slots: int = 0  # stories that it writes at a time; 0: as many as the settings say of one
    is_drained: bool = False  # it gets no new ones
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca_file: str = ""  # certificates that are trusted beside the system's
    connect: float = 5.0
    load: float = 300.0  # to the first word: the model may come from a slow disk
    silence: float = 60.0  # in the middle of a story
    # How long it keeps the model in memory after an answer, as Ollama writes it; empty: its own.
    keep_alive: str = "30m"

    @classmethod
    def at(cls, address: str, **more: Any) -> Self:
        """Return the server at `address`, which is read as `OLLAMA_HOST` is."""
        url, user, password = _parse(address)
        return cls(url=url, user=user, password=password, **more)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Return the server that the variables describe, the first of several.

        Raises `ServerSettingsError`.
        """
        return cls.all_from_environment(environ)[0]

    @classmethod
    def all_from_environment(cls, environ: Mapping[str, str]) -> tuple[Self, ...]:
        """Return the servers that OLLAMA_HOST lists: `ADDRESS [api=…] [slots=…] [drained], …`.

        Raises `ServerSettingsError`.
        """
        listed = [each.split() for each in environ.get("OLLAMA_HOST", "").split(",")]
        listed = [words for words in listed if words] or [[DEFAULT_URL]]
        return tuple(cls._listed(words, environ) for words in listed)

    @classmethod
    def _listed(cls, words: list[str], environ: Mapping[str, str]) -> Self:
        address, *more = words
        told = dict(word.partition("=")[::2] for word in more)
        if not told.keys() <= {"api", "slots", "drained"}:
            raise ServerSettingsError(
                "OLLAMA_HOST: After an address may stand api=…, slots=… and drained; the next "
                "address follows a comma."
            )
        server = cls.at(
            address,
            api=_api(told.get("api", environ.get("MODEL_API", ""))),
            slots=_slots(told.get("slots", "0")),
            is_drained="drained" in told,
            api_key=_key(environ.get("OLLAMA_API_KEY", "")),
            ca_file=environ.get("SSL_CERT_FILE", ""),
            load=_seconds("MODEL_LOAD_SECONDS", environ.get("MODEL_LOAD_SECONDS", "300")),
            silence=_seconds("MODEL_SILENCE_SECONDS", environ.get("MODEL_SILENCE_SECONDS", "60")),
            keep_alive=_duration(environ.get("MODEL_KEEP_ALIVE", "30m")),
        )
        if server.url.startswith("https:"):
            try:
                server.tls()
            except OSError:
                raise ServerSettingsError(
                    f"SSL_CERT_FILE: No certificates can be read from {server.ca_file}."
                ) from None
        return server

    def elsewhere(self, url: str) -> Self:
        """Return a server at `url`, as patient as this one; it is shown none of the secrets."""
        return replace(
            self, url=url, api="", slots=0, is_drained=False, user="", password="", api_key=""
        )

    def environment(self) -> dict[str, str]:
        """Return the variables from which another process reads this very description."""
        scheme, _, place = self.url.partition("://")
        if self.user or self.password:
            place = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@{place}"
        return {
            "OLLAMA_HOST": f"{scheme}://{place}",
            "MODEL_API": self.api,
            "OLLAMA_API_KEY": self.api_key,
            "MODEL_LOAD_SECONDS": str(self.load),
            "MODEL_SILENCE_SECONDS": str(self.silence),
            "MODEL_KEEP_ALIVE": self.keep_alive,
            **({"SSL_CERT_FILE": self.ca_file} if self.ca_file else {}),
        }

    @classmethod
    def environment_of(cls, servers: Sequence[Self]) -> dict[str, str]:
        """Return the variables from which another process reads all of these descriptions.

        What stands once for all of them is the first one's.
        """
        each = [server.environment() for server in servers]
        listed = [
            f"{one['OLLAMA_HOST']} api={one['MODEL_API']}{' drained' * server.is_drained}"
            for one, server in zip(each, servers, strict=True)
        ]
        return {**each[0], "OLLAMA_HOST": ", ".join(listed)}

    def headers(self) -> dict[str, str]:
        """Return the headers of every request; name and password go before the key."""
        if self.user or self.password:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def tls(self) -> ssl.SSLContext:
        """Return what decides which certificates are trusted: none where none are shown.

        Raises `OSError` where the file can't be read.
        """
        if self.url.startswith("https:"):
            return _trusting(self.ca_file)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _trusting(ca_file: str) -> ssl.SSLContext:
    # Once for all: it takes 80 ms, in which nobody's words move. Those of the settings are made as
    # these are read.
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _parse(address: str) -> tuple[str, str, str]:
    """Return the address without its credentials, and these: a name and a password."""
    text = address.strip().strip("\"'").strip()
    named = "://" in text
    try:
        parts = urlsplit(text if named else f"http://{text}")
        url = _url(parts, named)
    except ValueError:
        # Its own words would repeat the address, and with it the password.
        raise ServerSettingsError(
            "OLLAMA_HOST: Not an address like http://127.0.0.1:11434."
        ) from None
    return url, unquote(parts.username or ""), unquote(parts.password or "")


def _url(parts: SplitResult, named: bool) -> str:
    """Return the address without what does not belong there. Raises `ValueError`."""
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in {"http", "https"} or port == 0 or not (host or port):
        raise ValueError
    # An @ in the path is of a password whose slash was not encoded.
    if "@" in parts.path or not _PRINTABLE.fullmatch(parts.path) or parts.query or parts.fragment:
        raise ValueError
    if port is None and not named:
        port = _OLLAMA_PORT
    segments = [segment for segment in parts.path.split("/") if segment]
    while segments and segments[-1] in _API_ENDS:
        segments.pop()
    place = _host(host or "127.0.0.1") + (f":{port}" if port else "")
    return "/".join([f"{parts.scheme}://{place}", *segments])


def _host(name: str) -> str:
    name = _LOOPBACK.get(name, name)
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name)}]"
    plain = name.encode("idna").decode()
    if not _HOST_NAME.fullmatch(plain):
        raise ValueError
    return plain


def _api(text: str) -> str:
    api = text.strip().lower()
    if api not in APIS:
        raise ServerSettingsError("MODEL_API: Not ollama or openai; empty, it is found out.")
    return api


def _slots(text: str) -> int:
    if not (text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ServerSettingsError("OLLAMA_HOST: slots is not a number of stories.")
    return int(text)


def _key(text: str) -> str:
    key = text.strip()
    if not _PRINTABLE.fullmatch(key):
        raise ServerSettingsError("OLLAMA_API_KEY: Not a key that fits into a header.")
    return key


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds < math.inf:
        raise ServerSettingsError(f"{name}: Not a number of seconds, 1 or more.")
    return seconds


def _duration(text: str) -> str:
    if text and not _DURATION.fullmatch(text):
        raise ServerSettingsError(
            "MODEL_KEEP_ALIVE: Not a time like 30m or 24h; -1m is for ever, nothing the server's."
        )
    return text
