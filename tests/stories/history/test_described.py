"""What the migration notes of the stories that there are is what a change of the text notes."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stories.history import library
from stories.history.versions import add_version
from stories.models import Generation, Story, StoryVersion, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

migration: Any = importlib.import_module("stories.migrations.0009_describe_stories")
NOTED = ("pk", "word_count", "model", "is_unfinished", "good_version", "good_settings")


def written(story: Story, text: str, status: str, model: str = "m") -> None:
    """Add a take as the model does."""
    generation = Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="write",
        seed=1,
        model=model,
        status=status,
        text=text,
    )
    origin = StoryVersion.Origin.WRITE
    add_version(story, text, origin, expected_version=story.version, generation=generation)


@pytest.fixture
def stories(alice: User) -> list[Story]:
    """One story each: empty, by hand, written, broken off, edited after that, brought back."""
    made = [library.create_story(alice, story_settings()) for _ in range(6)]
    library.save_text(made[1], alice, "By my own hand.\n\nThe End", 0)
    written(made[2], "Whole.", "done", "other")
    for story in made[3:]:
        written(story, "It broke off. Here.", "interrupted")
    for story in made[4:]:
        library.save_text(story, alice, "It broke off. Here it ends.", 1)
    library.restore_version(made[5], alice, 1)
    library.set_good(made[1], True)
    library.set_good(made[4], True)
    library.change_settings(made[4], story_settings(genre="War"))
    return made


def noted() -> list[tuple[Any, ...]]:
    """Return what is noted of each story."""
    return list(Story.objects.order_by("pk").values_list(*NOTED))


def describe() -> int:
    """Forget what is noted and run the migration; return how many queries it took."""
    Story.objects.update(
        word_count=0, model="", is_unfinished=True, good_version=None, good_settings=None
    )
    with CaptureQueriesContext(connection) as asked:
        migration.describe(apps, SimpleNamespace(connection=connection))
    return len(asked)


def test_it_notes_the_same(stories: list[Story]) -> None:
    before = noted()
    assert [row[3] for row in before] == [True, False, False, True, False, True]
    describe()
    assert noted() == before
    library.save_text(stories[1], stories[1].owner, "By my own hand. Later.", 1)
    Story.objects.filter(pk=stories[1].pk).update(curation="approved", curated_version=1)
    describe()
    assert Story.objects.get(pk=stories[1].pk).good_version == 1, "what the curator read"


def test_a_batch_is_a_transaction_and_asks_as_much_as_one_story(
    stories: list[Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert migration.Migration.atomic is False
    before = noted()
    whole = describe()
    monkeypatch.setattr(migration, "_BATCH", 1)
    one_by_one = describe()
    assert noted() == before
    # Of the latter, the marks and the numbers of the stories are asked for once.
    batches = sum(story.version > 0 for story in stories)
    assert whole <= 12
    assert whole < one_by_one <= batches * (whole - 2) + 2
