"""A real OpenID Connect provider on a port, with one person signed in to it.

Discovery, authorization code with PKCE, tokens signed by RS256, userinfo, keys. It refuses what a
provider refuses (another client, secret, address to return to, verifier, a code that is old or was
used), and can be told to answer wrongly.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "stories", "a-secret-of-the-client"
PAGE = (
    '<!doctype html><title>The school</title><link rel=icon href="data:,"><h1>The school</h1>'
    '<form method=post><button name=go value="{}">It is me</button></form>'
)


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return a key; the same name is the same key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Faults:
    """What the provider does wrongly; nothing, until a test says so."""

    configuration: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)  # of the ID token; None: left out
    userinfo: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    signed_by: str = "known"  # the name of the key
    bodies: dict[str, bytes] = field(default_factory=dict)  # by path
    statuses: dict[str, int] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)  # paths that get no answer
    slow: set[str] = field(default_factory=set)  # paths that get one byte after the other


@dataclass
class Provider:
    """A running provider, seen from a test."""

    issuer: str
    person: dict[str, Any]
    return_to: str = ""  # the only address that codes are brought to; "": any
    asks: bool = False  # whether a person has to press a button first
    faults: Faults = field(default_factory=Faults)
    seen: list[str] = field(default_factory=list)  # the paths that were asked for
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def configuration(self) -> dict[str, Any]:
        """Return what the discovery tells."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **self.faults.configuration,
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where a person is sent back to, with a code."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        assert asked["nonce"]
        assert self.return_to in {"", asked["redirect_uri"]}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, sent: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return the tokens for a code, or nothing for one that is not good."""
        whole = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(sent.get("code", ""), None)
        if asked is None or authorization != f"Basic {whole}":
            return None
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            return None
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self._id_token(asked["nonce"]),
        }

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.person["sub"],
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.faults.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key: Any = rsa_key(self.faults.signed_by)
        if not self.faults.algorithm.startswith("RS"):
            key = None if self.faults.algorithm == "none" else SECRET.ljust(64)
        return jwt.encode(claims, key, self.faults.algorithm, headers={"kid": "first"})

    def keys(self) -> dict[str, Any]:
        """Return the public keys."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("known").public_key(), as_dict=True)
        return {"keys": [{**key, "kid": "first", "use": "sig", "alg": "RS256"}]}

    def about(self, authorization: str) -> dict[str, Any] | None:
        """Return what the userinfo tells to who shows a token."""
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return None
        return {**self.person, **self.faults.userinfo}


class _Handler(BaseHTTPRequestHandler):
    provider: ClassVar[Provider]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = url.path
        if self._answered_wrongly(path):
            return
        shown = self.headers.get("Authorization", "")
        if path == "/authorize" and self.provider.asks:
            self._send(200, PAGE.encode(), "text/html")
        elif path == "/authorize":
            self._send_on(dict(parse_qsl(url.query)))
        elif path == "/userinfo":
            self._tell(self.provider.about(shown), 401)
        elif path == "/keys":
            self._tell(self.provider.keys(), 500)
        elif path == "/.well-known/openid-configuration":
            self._tell(self.provider.configuration(), 500)
        else:
            self._send(404, b"{}")

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self._answered_wrongly(url.path):
            return
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        if url.path == "/token":
            shown = self.headers.get("Authorization", "")
            self._tell(self.provider.exchange(sent, shown), 400)
        else:
            self._send_on(dict(parse_qsl(url.query)))

    def _answered_wrongly(self, path: str) -> bool:
        faults = self.provider.faults
        self.provider.seen.append(path)
        if path in faults.silent:
            self.provider.over.wait(60)
        elif path in faults.slow:
            self._drip()
        elif path in faults.bodies or path in faults.statuses:
            self._send(faults.statuses.get(path, 200), faults.bodies.get(path, b"{}"))
        return path in {*faults.silent, *faults.slow, *faults.bodies, *faults.statuses}

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with suppress(ConnectionError):
            while not self.provider.over.wait(0.05):
                self.wfile.write(b" ")

    def _send_on(self, asked: dict[str, str]) -> None:
        self.send_response(302)
        self.send_header("Location", self.provider.authorize(asked))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _tell(self, found: dict[str, Any] | None, refusal: int) -> None:
        answer = {"error": "invalid_grant"} if found is None else found
        self._send(refusal if found is None else 200, json.dumps(answer).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # it has read enough
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def provider(**person: Any) -> Iterator[Provider]:
    """Run a provider until the block ends, with `person`'s claims."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    found = Provider(f"http://127.0.0.1:{server.server_port}", person)
    handler.provider = found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        found.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
