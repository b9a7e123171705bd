"""The way to the first story: nothing is required, and an example is a click."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from stories.history import library
from stories.models import Story, User
from stories.pages.examples import EXAMPLES, Example
from stories.pages.forms import StorySettingsForm
from tests.conftest import story_settings

NEW = reverse("stories:new")


def chosen(page: str, name: str) -> str:
    """Return what is chosen in the list `name` of the form."""
    options = page.partition(f'name="{name}"')[2].partition("</select>")[0]
    found = re.search(r'value="([^"]+)" selected', options)
    return found[1] if found else ""


def sent_as_it_is(page: str) -> dict[str, str]:
    """Return what a browser sends of the form when nothing is filled in."""
    empty = {"premise": "", "main_characters": "", "keywords": "", "max_words": "300"}
    return {**empty, "genre": chosen(page, "genre"), "register": chosen(page, "register")}


def test_the_form_can_be_sent_as_it_comes(alices: Client, alice: User) -> None:
    page = alices.get(NEW).content.decode()
    answer = alices.post(NEW, {**sent_as_it_is(page), "write": "1"})
    story = Story.objects.get(owner=alice)
    assert answer["Location"] == f"/stories/{story.pk}/#write"
    assert story.settings.prompt == (
        "You are a writer. Write a story, without extra comments or questions, of maximum 300 "
        "words. The story genre is Adventure and you have to use a Vivid register. The story must "
        "have an introduction, a development and a conclusion."
    )
    assert story.title == "Adventure story"


def test_the_next_story_is_of_the_same_kind(alices: Client, alice: User, charlie: User) -> None:
    library.create_story(alice, story_settings(genre="War", register="Direct", premise="He runs."))
    library.create_story(charlie, story_settings(genre="Comedy", register="Casual"))
    page = alices.get(NEW).content.decode()
    assert (chosen(page, "genre"), chosen(page, "register")) == ("War", "Direct")
    assert "He runs." not in page


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_written_at_a_click(alices: Client, alice: User, example: Example) -> None:
    shelf = alices.get(reverse("stories:library")).content.decode()
    assert f'name="example" value="{example.name}"' in shelf
    kind = f"{example.settings.genre} · {example.settings.register} · "
    assert f'class="kind">{kind}{example.settings.max_words} words<' in shelf
    answer = alices.post(NEW, {"example": example.name})
    story = Story.objects.get(owner=alice)
    assert answer["Location"] == f"/stories/{story.pk}/#write"
    assert story.settings.premise == example.settings.premise
    form = StorySettingsForm({**example.settings.to_dict()})
    assert form.is_valid(), "a person could have typed it"
    assert form.cleaned_data == example.settings.to_dict(), "and it is tidy"


def test_an_example_fills_the_form_too(alices: Client) -> None:
    page = alices.get(f"{NEW}?example=dragon").content.decode()
    assert "Mira, Tuft" in page
    assert chosen(page, "register") == "Playful"
    assert alices.get(f"{NEW}?example=none").status_code == 200
    assert alices.post(NEW, {"example": "none"}).status_code == 422
    assert not Story.objects.exists()


@pytest.mark.parametrize(("model", "language"), [("pocket", ""), ("llama3.2", "de")])
def test_an_example_speaks_the_pages_language_if_the_model_may(
    alices: Client, alice: User, settings: Settings, model: str, language: str
) -> None:
    settings.STORY_MODEL, settings.STORY_MODEL_IS_EMBEDDED = model, model == "pocket"
    german = {"Accept-Language": "de"}
    shelf = alices.get(reverse("stories:library"), headers=german).content.decode()
    assert "Ein kleiner Drache kann nicht schlafen." in shelf
    assert 'class="kind">Fantasy · Verspielt · 250 Wörter<' in shelf
    alices.post(NEW, {"example": "dragon"}, headers=german)
    asked = Story.objects.get(owner=alice).settings
    assert asked.language == language
    begun = "Ein kleiner Drache kann" if language else "A small dragon can’t sleep."
    assert asked.premise.startswith(begun)
    assert asked.keywords.startswith("Drache" if language else "dragon")


def test_examples_are_for_an_empty_library(alices: Client, story: Story) -> None:
    assert 'name="example"' not in alices.get(reverse("stories:library")).content.decode()
