"""Installing the model through the page's own address: who may, what is told, what goes wrong."""

import json
from typing import Any

import pytest
from django.test import AsyncClient
from django.urls import reverse
from pytest_django import Settings

import modelserver
from modelserver import Server
from stories.models import User
from tests.conftest import ScriptedServer
from tests.support.processes import free_port

pytestmark = pytest.mark.django_db(transaction=True)


async def install(user: User) -> list[dict[str, Any]]:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.post(reverse("stories:install_model"))
    assert response.status_code == 200
    return [json.loads(line) async for line in response.streaming_content]  # type: ignore[attr-defined]


@pytest.fixture
def curator(alice: User) -> User:
    """Alice, on the staff."""
    alice.is_staff = True
    alice.save()
    return alice


async def test_the_progress_comes_line_by_line(
    curator: User, model_server: ScriptedServer, settings: Settings
) -> None:
    settings.STORY_MODEL = "absent"
    lines = await install(curator)
    assert lines[0]["status"] == "pulling manifest"
    assert lines[-1]["status"] == "success"
    completed = [line["completed"] for line in lines if line["total"]]
    assert len(completed) > 2
    assert completed == sorted(completed)


async def test_a_refusal_is_told(
    curator: User, model_server: ScriptedServer, settings: Settings
) -> None:
    settings.STORY_MODEL = "missing"
    assert (await install(curator))[-1] == {
        "error": "The model missing can't be installed: pull model manifest: file does not exist",
        "code": "pull_failed",
    }


async def test_an_end_in_the_middle_is_told(
    curator: User, model_server: ScriptedServer, settings: Settings
) -> None:
    settings.STORY_MODEL = "neither"
    assert (await install(curator))[-1]["code"] == "broken_stream"


async def test_a_server_that_is_down_is_told(curator: User, settings: Settings) -> None:
    settings.MODEL_SERVER = Server.at(f"http://127.0.0.1:{free_port()}")
    assert [line["code"] for line in await install(curator)] == ["unreachable"]
    await modelserver.close()


async def test_writers_may_not(alice: User) -> None:
    client = AsyncClient()
    await client.aforce_login(alice)
    assert (await client.post(reverse("stories:install_model"))).status_code == 404
