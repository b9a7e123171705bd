"""Small real servers that answer as a test says, and the certificates of some of them."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import modelserver
from modelserver import dialects, models
from modelserver.openai_api import engine

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
async def no_connection_is_left() -> AsyncIterator[None]:
    """Close what a test has opened, and forget what it found out: ports come again."""
    models._known.clear()
    dialects._found.clear()
    engine._known.clear()
    yield
    await modelserver.close()


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run a server that gives every request, read whole, to `handler`; yields its address."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        return await handler(request)

    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app, scheme="https" if tls else "http")
    await server.start_server(ssl=tls)
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


@dataclass(frozen=True)
class Identity:
    """A server's certificate, signed by itself, and the file that says whom to trust."""

    tls: ssl.SSLContext
    ca_file: str


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A certificate for 127.0.0.1 that no system trusts."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests' own")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    signed, secret = folder / "certificate.pem", folder / "key.pem"
    signed.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(signed, secret)
    return Identity(tls, str(signed))


def page(status: int) -> Handler:
    """Return a handler that answers with a page for people."""

    async def answer(request: web.Request) -> web.Response:
        text = "<!DOCTYPE html><html><body>It works!</body></html>"
        return web.Response(status=status, text=text, content_type="text/html")

    return answer


def said(status: int, error: str) -> Handler:
    """Return a handler that answers with an error as Ollama words it."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": error}, status=status)

    return answer


def blob(folder: Path, size: int = 100_000) -> Path:
    """Return a file to upload."""
    path = folder / "adapter.gguf"
    path.write_bytes(b"GGUF" + bytes(size))
    return path
