"""A text goes back to what wrote it, whatever was submitted and written since."""

import pytest

from stories.history import library
from stories.history.provenance import generation_behind, settings_behind
from stories.models import Generation, Story
from stories.writing import opening
from stories.writing.finishing import Outcome, finish
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db


def written(story: Story, text: str, kind: Generation.Kind = Generation.Kind.WRITE) -> Generation:
    """Let the model write `text` into `story`."""
    generation = opening.open_generation(story.pk, story.owner, kind)
    assert finish(generation, Outcome(Generation.Status.DONE, text))
    story.refresh_from_db()
    return generation


def test_a_text_by_hand_goes_back_to_nothing(story: Story) -> None:
    assert generation_behind(story) is None
    library.save_text(story, story.owner, "My own words.", 0)
    assert generation_behind(story) is None
    assert settings_behind(story) == story.settings


def test_edits_and_restores_go_back_to_their_take(story: Story) -> None:
    first_settings = story.settings
    first = written(story, "The first take.")
    library.save_text(story, story.owner, "The first take, mended.", story.version)
    mended = story.version
    library.change_settings(story, story_settings(genre="War"))
    second = written(story, "The second take.")
    assert generation_behind(story) == second
    assert settings_behind(story).genre == "War"
    assert generation_behind(story, mended) == first
    library.show_take(story, 1)
    assert settings_behind(story) == first_settings
    assert story.settings.genre == "War"
    library.restore_version(story, story.owner, 3)
    assert story.text == "The second take."
    assert generation_behind(story) == second


def test_a_continuation_is_a_text_of_its_own(story: Story) -> None:
    written(story, "Once upon a time.")
    more = written(story, " And then.", Generation.Kind.CONTINUE)
    assert generation_behind(story) == more
