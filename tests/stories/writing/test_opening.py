"""Generations opened together: each as if it were alone."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from pytest_django import Settings

from stories.errors import Refused
from stories.history import library
from stories.history.versions import StoryBusyError
from stories.models import Generation, Story, User
from stories.writing.opening import open_soon
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db(transaction=True)

WRITE, CONTINUE = Generation.Kind.WRITE, Generation.Kind.CONTINUE


def new_stories(user: User, count: int) -> list[Story]:
    """Return new stories of `user`."""
    return [library.create_story(user, story_settings(max_words=100 + n)) for n in range(count)]


def of_many_writers(count: int) -> list[Story]:
    """Return a new story of each of `count` new writers."""
    writers = (User.objects.create(username=f"writer-{number}") for number in range(count))
    return [story for writer in writers for story in new_stories(writer, 1)]


async def test_many_at_once(db: None, settings: Settings) -> None:
    settings.GENERATION_SLOTS = 30
    stories = await sync_to_async(of_many_writers)(30)
    clicks = (open_soon(story.pk, story.owner, WRITE) for story in stories)
    opened = await asyncio.gather(*clicks)
    assert [generation.story_id for generation in opened] == [story.pk for story in stories]
    assert len({generation.runner for generation in opened}) == 30
    for generation, story in zip(opened, stories, strict=True):
        stored = await Generation.objects.aget(pk=generation.pk)
        assert stored.status == Generation.Status.RUNNING
        assert f"maximum {story.settings.max_words} words" in stored.prompt


async def test_each_gets_the_answer_of_its_own(alice: User, charlie: User) -> None:
    mine, busy, empty = await sync_to_async(new_stories)(alice, 3)
    await open_soon(busy.pk, alice, WRITE)
    wanted: list[tuple[int, User | AnonymousUser, Generation.Kind]] = [
        (mine.pk, alice, WRITE),
        (mine.pk, charlie, WRITE),
        (mine.pk, AnonymousUser(), WRITE),
        (busy.pk, alice, WRITE),
        (empty.pk, alice, CONTINUE),
        (10**12, alice, WRITE),
    ]
    first = asyncio.create_task(open_soon(-1, alice, WRITE))  # the others wait for its turn to end
    await asyncio.sleep(0)
    results = await asyncio.gather(*(open_soon(*each) for each in wanted), return_exceptions=True)
    with pytest.raises(Story.DoesNotExist):
        await first
    kinds = [type(result) for result in results]
    assert kinds == [
        Generation,
        Story.DoesNotExist,
        Story.DoesNotExist,
        StoryBusyError,
        Refused,
        Story.DoesNotExist,
    ]


async def test_a_double_click_makes_one(alice: User) -> None:
    [story] = await sync_to_async(new_stories)(alice, 1)
    first = asyncio.create_task(open_soon(-1, alice, WRITE))
    await asyncio.sleep(0)
    clicks = (open_soon(story.pk, alice, WRITE) for _ in range(3))
    results = await asyncio.gather(*clicks, return_exceptions=True)
    await asyncio.wait([first])
    assert isinstance(first.exception(), Story.DoesNotExist)
    assert [type(result) for result in results].count(Generation) == 1
    assert await Generation.objects.acount() == 1
