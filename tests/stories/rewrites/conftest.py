"""A story whose passages are rewritten."""

import pytest
from pytest_django import Settings

from stories.history import library
from stories.models import Story
from tests.support.rewriting import TEXT


@pytest.fixture
def written(story: Story, settings: Settings) -> Story:
    """Alice's story with a text, in front of a model that rewrites."""
    library.save_text(story, story.owner, TEXT, 0)
    settings.STORY_MODEL = "rewriter"
    return story
