"""Two stories for settings of one's own: both models write, nobody knows which, one is chosen."""

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from pytest_django import Settings

import modelserver
from finetuning.models import OwnPair, TrainingRun
from finetuning.services import blind, own_pairs
from modelserver import Server
from stories.models import User
from tests.conftest import ScriptedServer
from tests.finetuning.test_promotion import candidate

pytestmark = pytest.mark.django_db
FORM = {"genre": "Mystery", "register": "Vivid", "max_words": "60"}


@pytest.fixture
def run(settings: Settings, tmp_path: Path, scripted_server: ScriptedServer) -> TrainingRun:
    """A run whose models the scripted server has."""
    settings.DATA_DIR, settings.STORY_MODEL = tmp_path, "steady"
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    model = candidate("quick", service="steady", base="steady")
    return TrainingRun.objects.get(model=model)


def told(answer: Any) -> list[dict[str, str]]:
    """Return the lines of a story that is written."""

    async def all_of_it() -> bytes:
        try:
            return b"".join([part async for part in answer.streaming_content])
        finally:
            await modelserver.close()

    return [json.loads(line) for line in async_to_sync(all_of_it)().splitlines()]


def test_both_write_and_the_choice_counts(
    run: TrainingRun, alice: User, client: Client, scripted_server: ScriptedServer
) -> None:
    here = ScriptedServer(scripted_server.url)  # knows what was asked before this test
    client.force_login(alice)
    page = client.post("/teach/compare/own/", FORM)["Location"]
    assert "quick" not in client.get(page).content.decode()
    assert client.post(page, {"choice": "first"}, follow=True).status_code == 200
    pair = OwnPair.objects.get()
    assert pair.preferred == "", "nothing is written yet"
    for place in ("first", "second"):
        lines = told(client.post(f"{page}{place}/"))
        assert lines[-1]["text"]
        assert told(client.post(f"{page}{place}/")) == lines[-1:], "it is written once"
    asked = [chat["body"] for name in ("quick", "steady") for chat in here.chats(name)]
    assert len(asked) == 2
    assert len({str(body["options"]["seed"]) for body in asked}) == 1
    client.post(page, {"choice": "second"})
    pair.refresh_from_db()
    assert pair.preferred == own_pairs.side_at(pair, "second")
    client.post(page, {"choice": "first"})
    assert OwnPair.objects.get().preferred == pair.preferred
    assert blind.tally(run).decided == 1
    assert "quick" in client.get(page).content.decode(), "now it is told"


def test_it_is_ones_own(run: TrainingRun, alice: User, charlie: User, client: Client) -> None:
    client.force_login(alice)
    page = client.post("/teach/compare/own/", FORM)["Location"]
    client.force_login(charlie)
    assert client.get(page).status_code == 404
    assert client.post(f"{page}first/").status_code == 404
    client.force_login(alice)
    assert client.post("/teach/compare/own/", {**FORM, "max_words": "x"}).status_code == 422
    run.delete()
    assert client.get("/teach/compare/own/")["Location"] == "/teach/compare/"


def test_a_server_that_is_away_is_told(
    run: TrainingRun, alice: User, client: Client, settings: Settings
) -> None:
    client.force_login(alice)
    page = client.post("/teach/compare/own/", FORM)["Location"]
    settings.MODEL_SERVER = Server.at("http://127.0.0.1:9")
    assert "error" in told(client.post(f"{page}first/"))[-1]
    assert not OwnPair.objects.exclude(candidate="", service="").exists()
