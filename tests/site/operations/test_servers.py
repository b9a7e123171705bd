"""The administrator's page of model servers tells how each is, and no secret."""

from datetime import timedelta

import pytest
from django.test import AsyncClient
from django.utils import timezone
from pytest_django import Settings

import modelserver
from modelserver import Server
from stories.models import Generation, Story, User
from stories.writing.opening import open_generation
from tests.conftest import ScriptedServer
from tests.support.processes import free_port


@pytest.mark.django_db(transaction=True)
async def test_each_server_is_told_with_what_it_does(
    settings: Settings, scripted_server: ScriptedServer, story: Story
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    settings.MODEL_SERVER = Server.at(
        scripted_server.url.replace("://", "://somebody:hunter2@"), slots=7, api_key="key-of-it"
    )
    settings.OTHER_MODEL_SERVERS = [Server.at(away, is_drained=True)]
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    now = timezone.now()
    Generation.objects.filter(pk=generation.pk).update(
        status="done",
        server=scripted_server.url,
        completion_tokens=90,
        started_at=now - timedelta(seconds=4.5),
        first_token_at=now - timedelta(seconds=3),
        finished_at=now,
    )
    open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    client = AsyncClient()
    await client.aforce_login(User.objects.create_superuser("boss", password="x"))
    for path in ("/servers/", "/servers/live/"):
        text = (await client.get(path)).content.decode()
        here, there = text.split("</section>")[:2]
        for words in (scripted_server.url, ">Reachable<", "1 of 7", "30 tokens/s", "after 1.50 s"):
            assert words in here, words
        for words in (away, ">Not reachable<", ">Gets no new stories<", "0 of "):
            assert words in there, words
        assert "hunter2" not in text
        assert "key-of-it" not in text
        assert "No story waits for its turn." in text
    await modelserver.close()
