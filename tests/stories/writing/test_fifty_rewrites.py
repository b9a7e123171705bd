"""Fifty rewrites at random places of ten stories, all written by the shipped model."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

import modelserver
from prose.splice import hashes
from stories.models import StoryVersion, User
from tests.support import places
from tests.support.pocket import pocket

pytestmark = pytest.mark.django_db(transaction=True)
STORIES, REWRITES = 10, 50


@pytest.fixture
def pocket_writes(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """Let pocket be the model server."""
    with pocket(tmp_path) as url:
        settings.OLLAMA_HOST, settings.STORY_MODEL = url, "pocket"
        settings.GENERATIONS_PER_MINUTE = 0  # nobody rewrites fifty times a minute
        yield


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("pocket_writes")
async def test_fifty_rewrites_leave_all_else_as_it_is(alice: User) -> None:
    rng = random.Random(7)
    stories = [await places.write_story(alice, number, 120) for number in range(STORIES)]
    changed = 0
    for number in range(REWRITES):
        story = stories[number % STORIES]
        done = await places.rewrite(story, places.sentences(story.text, rng))
        assert done.is_identical_outside, done
        if done.kept == done.text:
            continue
        changed += 1
        before, after = len(done.passage.before), len(done.text) - len(done.passage.after)
        row = await StoryVersion.objects.aget(story=story, number=story.version)
        assert (row.before_hash, row.after_hash) == hashes(done.text, before, after)
    assert changed > REWRITES / 2, "the model has to write something for this to show anything"
    await modelserver.close()
