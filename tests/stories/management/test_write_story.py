"""A story by a command: what the page does, in a terminal."""

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from stories.models import Generation, Story
from tests.conftest import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = ("--names", "Zoe, Old Ben", "--keywords", "lantern", "--words", "60")


def test_the_story_is_printed_and_stands_in_the_library(
    model_server: ScriptedServer, story: Story
) -> None:
    said = io.StringIO()
    owner = story.owner.username
    call_command("write_story", "--owner", owner, "--child-friendly", *SETTINGS, stdout=said)
    written = Story.objects.exclude(pk=story.pk).get()
    assert written.text
    assert written.text in said.getvalue()
    assert f"“{written}”, story {written.pk} of {owner}." in said.getvalue()
    assert written.settings.child_friendly
    assert written.settings.max_words == 60
    assert written.generations.get().status == Generation.Status.DONE


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--owner", "nobody"), "nobody is called nobody"),
        (("--words", "7"), "max_words: Enter a number from 20"),
        (("--names", "A, B, C, D, E, F, G, H, I"), "main_characters: Enter at most 8"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    model_server: ScriptedServer, story: Story, arguments: tuple[str, ...], sentence: str
) -> None:
    owner = ("--owner", story.owner.username)
    with pytest.raises(CommandError, match=sentence):
        call_command("write_story", *owner, *SETTINGS, *arguments, stdout=io.StringIO())
    assert Story.objects.count() == 1


def test_what_the_model_server_says_is_said(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "missing"
    owner = ("--owner", story.owner.username)
    with pytest.raises(CommandError, match="missing"):
        call_command("write_story", *owner, *SETTINGS, stdout=io.StringIO())
