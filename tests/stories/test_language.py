"""What people read is in their own language: in forms, in the admin, and over a socket."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation.trans_real import catalog
from pytest_django import Settings

from finetuning.models import TrainingRun
from storaiteller_site.languages.sockets import in_its_language
from stories.live import sessions
from stories.live.routing import websocket_urlpatterns
from stories.models import Generation, Genre, Story, StorySettings
from stories.pages.forms import StorySettingsForm
from stories.pages.shelf.choosing import Choice
from stories.writing import rates

_GERMAN: dict[Any, str] = {
    "Adventure": "Abenteuer",
    "Genre": "Gattung",
    "Choose a genre.": "Wähle eine Gattung.",
    "Enter a number from %(least)s to %(most)s.": "Gib eine Zahl von %(least)s bis %(most)s ein.",
    "first token at": "erstes Wort um",
    "training run": "Trainingslauf",
    "by %(model)s": "von %(model)s",
    "A frame may have %(most)s characters at most.": "Höchstens %(most)s Zeichen.",
    "There is no story to continue yet. Write one first.": "Es gibt noch keine Geschichte.",
    ("You have asked for %(count)s story within a minute.", 1): "Schon %(count)s Geschichten.",
    ("Wait %(count)s second and try again.", 1): "Warte %(count)s Sekunden.",
    "You are signed out. Sign in again to go on.": "Du bist abgemeldet.",
}


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    """Put a few sentences into the German catalogue, and speak English."""
    with translation.override("de"):
        added: dict[Any, str] = cast("Any", catalog())._catalog._catalogs[0]
        before = {key: added[key] for key in _GERMAN if key in added}
        added.update(_GERMAN)
    with translation.override("en"):
        yield
    for key in _GERMAN:
        del added[key]
    added.update(before)


class _Socket:
    """A socket on a story from a browser that prefers a language, signed in as the owner."""

    def __init__(self, story: Story, language: str, session: SessionStore | None = None) -> None:
        self._communicator = WebsocketCommunicator(
            in_its_language(URLRouter(websocket_urlpatterns)),
            f"/ws/stories/{story.pk}/",
            headers=[(b"accept-language", language.encode())],
        )
        scope = cast("dict[str, Any]", self._communicator.scope)
        scope["user"], scope["session"] = story.owner, session

    async def __aenter__(self) -> WebsocketCommunicator:
        assert (await self._communicator.connect())[0]
        return self._communicator

    async def __aexit__(self, *_: object) -> None:
        await self._communicator.disconnect()


async def _told(socket: WebsocketCommunicator) -> str:
    return str((await socket.receive_json_from(timeout=20))["message"])


@pytest.mark.django_db(transaction=True)
async def test_each_socket_is_answered_in_its_own_language(
    story: Story, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GENERATIONS_PER_MINUTE = 2
    monkeypatch.setattr(rates, "_WINDOW", 10**8)  # no minute ends within the test
    async with _Socket(story, "en") as english, _Socket(story, "de") as german:
        # They are opened together, in one task for both.
        for socket in (english, german):
            await socket.send_json_to({"type": "continue"})
        assert await _told(english) == "There is no story to continue yet. Write one first."
        assert await _told(german) == "Es gibt noch keine Geschichte."
        await german.send_json_to({"type": "continue"})
        assert (await _told(german)).startswith("Schon 2 Geschichten. Warte ")
        await german.send_to(text_data="x" * 70_000)
        assert await _told(german) == "Höchstens 65.536 Zeichen."
        await english.send_to(text_data="x" * 70_000)
        assert await _told(english) == "A frame may have 65,536 characters at most."


@pytest.mark.django_db(transaction=True)
async def test_the_end_of_a_session_is_told_in_the_sockets_language(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "INTERVAL", 0.05)
    session = SessionStore()
    await session.aset(SESSION_KEY, str(story.owner.pk))
    await session.aset(BACKEND_SESSION_KEY, "django.contrib.auth.backends.ModelBackend")
    await session.aset(HASH_SESSION_KEY, story.owner.get_session_auth_hash())
    await session.asave()
    async with _Socket(story, "de", session) as german:
        await session.adelete()
        assert await _told(german) == "Du bist abgemeldet."


def test_labels_are_translated_and_what_is_stored_is_not() -> None:
    with translation.override("de"):
        assert str(Genre("Adventure").label) == "Abenteuer"
        assert Genre.ADVENTURE.value == "Adventure"
        form = StorySettingsForm({"max_words": "9"})
        assert form.fields["genre"].label == "Gattung"
        assert form.errors["genre"] == ["Wähle eine Gattung."]
        assert form.errors["max_words"] == ["Gib eine Zahl von 20 bis 5.000 ein."]
        asked = Choice(genre="Adventure", model="pocket").asked
        assert [each.label for each in asked] == ["Abenteuer", "von pocket"]
        assert "genre=Adventure" in asked[1].without
    assert form.fields["genre"].label == "Genre"
    assert str(StorySettings(genre="Adventure", register="Vivid")) == "Adventure, Vivid, 300 words"


def test_models_and_fields_have_names_in_each_language() -> None:
    field = Generation._meta.get_field("first_token_at")
    assert capfirst(field.verbose_name) == "First token at"
    with translation.override("de"):
        assert capfirst(field.verbose_name) == "Erstes Wort um"
        assert str(TrainingRun._meta.verbose_name) == "Trainingslauf"


@pytest.mark.django_db
def test_no_words_of_the_admin_are_a_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
