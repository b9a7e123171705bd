"""The way from pocket to Ollama: each step looks by itself whether it is done."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from modelserver import About, Installed, Server, UnreachableError
from stories.models import Story
from tests.conftest import ScriptedServer

GUIDE, STEPS = reverse("stories:guide"), reverse("stories:guide_steps")
LLAMA = Installed("llama3.2", 2_019_393_189, 3.2, is_loaded=False)


class Answers:
    """A model server that is not there, until something is put in."""

    def __init__(self) -> None:
        self.runs, self.is_pocket = False, False
        self.models: list[Installed] = []
        self.servers: list[Server] = []

    async def about(self, server: Server) -> About:
        self.servers.append(server)
        if not self.runs:
            raise UnreachableError("The model server can't be reached. Is it running?")
        return About("0.34.0", is_pocket=self.is_pocket)

    async def installed(self, server: Server) -> list[Installed]:
        self.servers.append(server)
        return self.models


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Answers:
    """What an Ollama at its usual address would answer, asked by an app that pocket writes for."""
    settings.STORY_MODEL, settings.STORY_MODEL_IS_EMBEDDED = "pocket", True
    answers = Answers()
    monkeypatch.setattr("modelserver.about", answers.about)
    monkeypatch.setattr("modelserver.installed", answers.installed)
    return answers


def test_step_by_step(asked: Answers, alices: Client) -> None:
    page = alices.get(GUIDE).content.decode()
    assert page.count('<li class="open">') == 3
    assert "Nothing of the kind answers at http://127.0.0.1:11434" in page
    assert "ollama.com/install.sh" in page
    assert alices.get(f"{STEPS}?done=000").status_code == 204
    asked.runs = True
    page = alices.get(f"{STEPS}?done=000").content.decode()
    assert page.count('<li class="done">') == 1
    assert "ollama pull llama3.2" in page
    asked.models = [LLAMA]
    page = alices.get(f"{STEPS}?done=100").content.decode()
    assert page.count('<li class="done">') == 2
    assert "make run" in page
    assert "every 4s" in page
    assert set(asked.servers) == {Server()}, "never an address from elsewhere"


def test_pocket_at_that_address_is_no_ollama(asked: Answers, alices: Client) -> None:
    asked.runs = asked.is_pocket = True
    assert "What answers is pocket." in alices.get(GUIDE).content.decode()


def test_all_is_done_where_ollama_writes(
    scripted_server: ScriptedServer, alices: Client, settings: Settings
) -> None:
    settings.MODEL_SERVER, settings.STORY_MODEL = Server.at(scripted_server.url), "steady"
    settings.STORY_MODEL_IS_EMBEDDED = False
    page = alices.get(GUIDE).content.decode()
    assert page.count('<li class="done">') == 3
    assert "All is done." in page
    assert "every 4s" not in page
    assert "The next story is written by steady." in page


def test_it_is_for_who_is_signed_in(client: Client) -> None:
    assert client.get(GUIDE).status_code == client.get(STEPS).status_code == 302


def test_pocket_points_to_it(alices: Client, story: Story, settings: Settings) -> None:
    settings.STORY_MODEL = "pocket"
    settings.STORY_MODEL_IS_EMBEDDED = True
    page = alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    assert f'href="{GUIDE}"' in page
