"""The server under test: OLLAMA_CONFORMANCE_URL, or a pocket of our own, in each of its manners."""

import os
from collections.abc import Iterator

import httpx
import pytest

from pocket.server.manners import MANNERS
from tests.support.pocket import pocket

REAL = "real"
GIVEN = os.environ.get("OLLAMA_CONFORMANCE_URL", "").rstrip("/")


@pytest.fixture(scope="module", params=[REAL] if GIVEN else list(MANNERS))
def family(request: pytest.FixtureRequest) -> str:
    """Return which server is under test: a real one, or whom pocket is like."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def base_url(family: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the server under test."""
    if family == REAL:
        yield GIVEN
        return
    with pocket(tmp_path_factory.mktemp("models"), "--like", family) as url:
        yield url


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[httpx.Client]:
    """Return a client of the server under test."""
    with httpx.Client(base_url=base_url, timeout=300, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def model(client: httpx.Client) -> str:
    """Return the model to ask: OLLAMA_CONFORMANCE_MODEL, or the first that the server has."""
    if given := os.environ.get("OLLAMA_CONFORMANCE_MODEL"):
        return given
    models = client.get("/api/tags").json()["models"]
    assert models, "the server under test has no model"
    name: str = models[0]["name"]
    return name
