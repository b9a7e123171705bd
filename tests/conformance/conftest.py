"""The server under test: OLLAMA_CONFORMANCE_URL, or a pocket of our own."""

import os
from collections.abc import Iterator

import httpx
import pytest

from tests.support.pocket import pocket


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the server under test."""
    if given := os.environ.get("OLLAMA_CONFORMANCE_URL"):
        yield given.rstrip("/")
        return
    with pocket(tmp_path_factory.mktemp("models")) as url:
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
