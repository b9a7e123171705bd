"""Write, stop, continue, rewrite: what a writer does, with a model that is a model."""

import random

import pytest
from asgiref.sync import sync_to_async

from stories.history import library
from stories.models import Generation, Story, StorySettings, User
from tests.support import places
from tests.support.sockets import StorySocket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

WORDS = 60
# Of the pocket model's own making: any model can go on from it.
BEGINNING = (
    "Anna lived in a small house by the sea. Every night she lifted the lantern and walked down to "
    "the harbour to look for the boat of her brother Ben. The wind was cold"
)


async def stored(story: Story) -> Story:
    """Return the story as it is stored."""
    return await Story.objects.aget(pk=story.pk)


async def with_text(user: User, text: str) -> Story:
    """Return a new story that reads `text`."""
    settings = StorySettings(
        main_characters="Anna, Ben",
        keywords="lantern",
        genre="Mystery",
        register="Direct",
        max_words=WORDS + 40,
    )
    story: Story = await sync_to_async(library.create_story)(user, settings)
    await sync_to_async(library.save_text)(story, user, text, 0)
    return await stored(story)


async def test_a_story_is_written(alice: User) -> None:
    story = await places.write_story(alice, 0, WORDS)
    assert len(story.text.split()) > WORDS / 4
    assert "<|" not in story.text
    generation = await Generation.objects.aget(story=story)
    assert generation.status == "done"
    assert (generation.prompt_tokens or 0) > 20


async def test_a_story_is_stopped_and_the_next_one_does_not_wait(alice: User) -> None:
    story = await with_text(alice, BEGINNING)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.until_text(20)
        await socket.send(type="stop")
        followed = await socket.until_done(begun)
    assert followed.done["status"] in {"stopped", "done"}  # a small model is quick
    assert (await stored(story)).text == followed.text.rstrip()
    assert (await places.write_story(alice, 1, WORDS)).text


async def test_a_story_is_continued_with_what_is_new(alice: User) -> None:
    story = await with_text(alice, BEGINNING)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="continue")
        followed = await socket.until_done()
    assert followed.errors == []
    text = (await stored(story)).text
    assert text.startswith(BEGINNING), "what was there stays"
    new = text[len(BEGINNING) :]
    assert new.strip()
    assert new[0] in " ,.;:!?\n", "no word is glued to the one before"
    for sentence in BEGINNING.split(". "):
        assert sentence not in new, "the beginning is not told again"


async def test_a_passage_is_rewritten_and_nothing_else(alice: User) -> None:
    rng = random.Random(3)
    story = await with_text(
        alice, f"{BEGINNING}. She saw a light on the water. Ben was home at last."
    )
    for _ in range(3):
        sentence = places.sentences(story.text, rng)
        done = await places.rewrite(story, sentence)
        assert done.is_identical_outside
        before = done.passage.before.rstrip().rpartition(". ")[2]
        if len(before) > 20:
            assert before not in done.generation.replacement, "what stands before is not repeated"


async def test_a_story_too_long_for_the_model_goes_on_from_its_end(alice: User) -> None:
    text = f"{BEGINNING}. " * 60
    story = await with_text(alice, text)
    async with StorySocket(alice, story.pk) as socket:
        await socket.send(type="continue")
        followed = await socket.until_done()
    assert followed.errors == []
    assert (await Story.objects.aget(pk=story.pk)).text.startswith(text.rstrip())
    context = followed.done["report"]["context"]
    assert 0 < context["before"] < context["before_of"]
