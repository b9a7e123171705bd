"""The application in front of a real model server, or of pocket in each of its manners."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pytest_django import Settings

import modelserver
from modelserver import Server
from tests.conformance.conftest import base_url, client, family, model

__all__ = ["base_url", "client", "family", "model"]


@pytest.fixture(autouse=True)
def _in_front_of_it(base_url: str, model: str, settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_SERVER, settings.STORY_MODEL = Server.at(base_url), model
    settings.STORY_NUM_CTX = 1024  # one for all: another one loads the model again
    settings.STORY_TEMPERATURE = 0.3
    settings.GENERATIONS_PER_MINUTE = 0
    settings.DATA_DIR = tmp_path


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await modelserver.close()
