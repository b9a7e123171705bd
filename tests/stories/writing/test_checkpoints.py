"""Checkpoints: what can't be stored costs nobody else theirs."""

import pytest

from stories.history import library
from stories.models import Generation, Story
from stories.writing import checkpoints, opening

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_text_that_can_not_be_stored_costs_no_other(story: Story) -> None:
    other = library.create_story(story.owner, story.settings)
    good, bad = (
        opening.open_generation(each.pk, story.owner, Generation.Kind.WRITE)
        for each in (story, other)
    )
    texts = {bad.pk: (bad.runner, "half an emoji: \ud83d"), good.pk: (good.runner, "Once upon")}
    assert checkpoints._store(texts).ended == set()
    good.refresh_from_db()
    assert good.text == "Once upon"


def test_a_row_of_another_runner_is_told(story: Story) -> None:
    generation = opening.open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert checkpoints._store({generation.pk: ("somebody else", "Once")}).ended == {generation.pk}
    generation.refresh_from_db()
    assert generation.text == ""
