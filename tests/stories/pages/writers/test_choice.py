"""The choice of a model: what is there, what is kept, and what is told when it is gone."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from modelserver import Server
from stories.models import Generation, Story, User, WriterModel
from tests.conftest import ScriptedServer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def server(scripted_server: ScriptedServer, settings: Settings) -> ScriptedServer:
    """The scripted server, with `steady` in service."""
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    settings.STORY_MODEL = "steady"
    return scripted_server


def panel(client: Client, story: Story) -> str:
    """Return the open panel."""
    return client.get(reverse("stories:writer", args=[story.pk]), headers=HTMX).content.decode()


def choose(client: Client, story: Story, **choice: Any) -> str:
    """Send the panel's form; return what is answered."""
    url = reverse("stories:writer", args=[story.pk])
    return client.post(url, choice, headers=HTMX).content.decode()


def option(page: str, value: str) -> str:
    """Return the option of the list with this value."""
    return page.partition(f'value="{value}"')[2].partition("</label>")[0]


def test_the_list_says_what_there_is(server: ScriptedServer, alices: Client, story: Story) -> None:
    Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="write",
        status="running",
        model="never",
        seed=1,
        started_at="2026-01-01T00:00Z",
    )
    page = panel(alices, story)
    default = option(page, "")
    assert "checked" in default
    assert "steady, the default" in default
    assert "2.0 GB, 3.2 billion parameters, loads with the first word" in default
    assert "an ordinary computer is enough" in default
    assert "4.9 GB, 8 billion parameters, loaded" in option(page, "tale")
    assert "42.5 GB, 70.6 billion parameters, loading" in option(page, "never")
    assert "all-minilm" not in page
    assert "cloud" not in page
    assert 'value="steady"' not in page, "it is there once"


def test_what_is_loaded_last_loads_with_the_first_word(
    server: ScriptedServer, alices: Client, story: Story
) -> None:
    assert "loads with the first word" in option(panel(alices, story), "never")


def test_a_choice_is_kept_with_the_story(
    server: ScriptedServer, alices: Client, story: Story
) -> None:
    touched = story.updated_at
    page = choose(alices, story, writer="Tale", temperature="0.3", words_at_once="80", seed="42")
    assert "Kept" in page
    assert '<strong id="writer-name" hx-swap-oob="true">tale</strong>' in page
    story.refresh_from_db()
    assert (story.writer, story.temperature, story.words_at_once, story.seed) == (
        *("tale", 0.3, 80, 42),
    )
    assert story.updated_at == touched, "the story itself is as it was"
    assert "checked" in option(panel(alices, story), "tale")
    assert '<strong id="writer-name">tale</strong>' in (
        alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    )
    choose(alices, story, writer="")
    story.refresh_from_db()
    assert (story.writer, story.temperature) == ("", 0.3), "the offer of the default says no more"
    choose(alices, story, writer="", temperature="", words_at_once="", seed="")
    story.refresh_from_db()
    assert (story.temperature, story.words_at_once, story.seed) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("writer", "all-minilm"),
        ("writer", "../../etc/passwd"),
        ("writer", "x" * 300),
        ("temperature", "2.1"),
        ("temperature", "-0.1"),
        ("temperature", "nan"),
        ("temperature", "hot"),
        ("words_at_once", "19"),
        ("words_at_once", "5001"),
        ("seed", "-1"),
        ("seed", str(2**31)),
    ],
)
def test_what_is_out_of_bounds_is_refused(
    server: ScriptedServer, alices: Client, story: Story, field: str, value: str
) -> None:
    choose(alices, story, writer="tale", temperature="1", seed="5")
    page = choose(
        alices, story, **{"writer": "tale", "temperature": "1", "seed": "5", field: value}
    )
    assert 'class="error"' in page
    assert "Kept" not in page
    story.refresh_from_db()
    assert (story.writer, story.temperature, story.words_at_once, story.seed) == (
        *("tale", 1.0, None, 5),
    )


def test_a_model_that_is_gone_is_told_and_the_default_is_offered(
    server: ScriptedServer, alices: Client, story: Story
) -> None:
    Story.objects.filter(pk=story.pk).update(writer="long-gone")
    page = panel(alices, story)
    assert "The model long-gone that you chose is not on the model server any more." in page
    assert "not there any more" in option(page, "long-gone")
    assert "checked" in option(page, "long-gone"), "until another one is chosen"
    choose(alices, story, writer="")
    story.refresh_from_db()
    assert story.writer == ""


def test_a_server_that_is_away_is_told_and_the_choice_stays(
    server: ScriptedServer, alices: Client, story: Story, settings: Settings
) -> None:
    choose(alices, story, writer="tale")
    settings.MODEL_SERVER = Server.at("http://127.0.0.1:9")
    page = panel(alices, story)
    assert "The model server can&#x27;t be reached. Is it running?" in page
    assert "checked" in option(page, "tale")
    assert "not there any more" not in page
    assert "Kept" in choose(alices, story, writer="tale", seed="3"), "it was chosen before"
    assert "reached" in choose(alices, story, writer="never")
    story.refresh_from_db()
    assert (story.writer, story.seed) == ("tale", 3)


def test_a_tuned_model_has_the_name_that_a_person_gave(
    server: ScriptedServer, alices: Client, story: Story
) -> None:
    WriterModel.objects.create(name="tale:latest", base="steady", title="Grandmother’s voice")
    WriterModel.objects.create(name="slow", base="steady", state=WriterModel.State.REJECTED)
    page = panel(alices, story)
    assert "Grandmother’s voice (tale:latest)" in option(page, "tale")
    assert "Tuned on approved stories, from steady. Longer" in option(page, "tale")
    assert 'value="slow"' not in page, "nobody wants it"


def test_it_is_the_owners(
    server: ScriptedServer, client: Client, story: Story, charlie: User
) -> None:
    url = reverse("stories:writer", args=[story.pk])
    assert client.get(url).status_code == 302
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    assert client.post(url, {"writer": "tale"}).status_code == 404


def test_what_a_server_calls_its_models_is_text(
    server: ScriptedServer, alices: Client, story: Story
) -> None:
    Story.objects.filter(pk=story.pk).update(writer="<script>")
    page = panel(alices, story)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
