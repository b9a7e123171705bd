"""Checkpoints, of which one that can't be stored costs nobody else theirs, and the end."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stories.history import library
from stories.models import Generation, Story
from stories.writing import checkpoints, opening
from stories.writing.finishing import Outcome, finish

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


def test_checkpoints_of_many_are_composed_once(story: Story) -> None:
    stories = [story, *(library.create_story(story.owner, story.settings) for _ in range(9))]
    opened = [_opened(each) for each in stories]
    taken = []
    for rows in (opened[:1], opened):
        with CaptureQueriesContext(connection) as queries:
            texts = {row.pk: (row.runner, f"Once {row.pk}") for row in rows}
            assert checkpoints._store(texts) == (set(), set())
        taken.append(len(queries))
    assert taken[0] == taken[1]
    for row in opened:
        row.refresh_from_db()
        assert row.text == f"Once {row.pk}"
    Generation.objects.filter(pk=opened[0].pk).request_stop()
    Generation.objects.filter(pk=opened[1].pk).update(runner="somebody else")
    Generation.objects.filter(pk=opened[2].pk).update(status=Generation.Status.INTERRUPTED)
    assert checkpoints._store(texts).ended == {row.pk for row in opened[:3]}


def _opened(story: Story) -> Generation:
    return opening.open_generation(story.pk, story.owner, Generation.Kind.WRITE)


def test_a_first_story_is_stored_in_few_statements(story: Story) -> None:
    generation = _opened(story)
    outcome = Outcome(Generation.Status.DONE, "The end. \n", report={"words": 2})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert finish(generation, outcome)
    rows = ("SELECT", "INSERT", "UPDATE", "DELETE")
    told = [each["sql"] for each in queries if each["sql"].startswith(rows)]
    assert len(told) == 6, told
    story.refresh_from_db()
    assert (story.text, story.version, story.model) == ("The end.", 1, generation.model)
    assert not story.is_unfinished
    stored = Generation.objects.get(pk=generation.pk)
    assert (stored.text, stored.status) == ("The end.", Generation.Status.DONE)
    assert stored.report["words"] == 2
    assert stored.finished_at is not None


def test_a_take_that_broke_off_is_unfinished_though_it_ends_in_a_full_stop(story: Story) -> None:
    assert finish(_opened(story), Outcome(Generation.Status.INTERRUPTED, "It broke off."))
    story.refresh_from_db()
    assert story.is_unfinished


def test_what_has_ended_is_left_as_it_is(story: Story) -> None:
    generation = _opened(story)
    assert finish(generation, Outcome(Generation.Status.DONE, "The end."))
    again = Outcome(Generation.Status.STOPPED, "Another end.")
    assert not finish(generation, again)
    stored = Generation.objects.get(pk=generation.pk)
    assert (stored.text, stored.status) == ("The end.", Generation.Status.DONE)
