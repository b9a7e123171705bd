"""What a writer wishes for reaches the model and is kept: what happens next, which model, how."""

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from stories.history import library
from stories.models import Generation, Story, WriterModel
from stories.writing.assignments import assignment_of
from stories.writing.opening import open_generation
from stories.writing.runner import CHOSEN_MISSING
from tests.conftest import ScriptedServer, story_settings
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Anna lit the lamp."
NEXT = "\n\nGo on from where your answer ends. This is what happens next: "


@sync_to_async
def with_text(story: Story, **choice: object) -> None:
    """Give `story` a text, and choose how it is written."""
    library.save_text(story, story.owner, TEXT, story.version)
    choose(story, **choice)


def choose(story: Story, **choice: object) -> None:
    """Choose how `story` is written."""
    for name, value in choice.items():
        setattr(story, name, value)
    library.choose_writer(story)


async def newest(story: Story) -> Generation:
    """Return the story's newest generation."""
    found = Generation.objects.select_related("settings").filter(story=story)
    return await found.alatest("pk")


async def test_continue_goes_on_with_what_happens_next(
    model_server: ScriptedServer, story: Story
) -> None:
    await with_text(story)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue", next="  The <|eot_id|>lamp\n goes out. ")
        followed = await socket.until_done()
    assert followed.errors == []
    generation = await newest(story)
    assert generation.instruction == "The lamp goes out."
    assert generation.prompt == f"{generation.settings.prompt}{NEXT}The lamp goes out."
    assert model_server.chats("steady")[-1]["body"]["messages"] == [
        {"role": "user", "content": generation.prompt},
        {"role": "assistant", "content": TEXT},
    ]


async def test_continue_without_a_wish_is_asked_as_before(
    model_server: ScriptedServer, story: Story
) -> None:
    await with_text(story)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue", next=" \n ")
        await socket.until_done()
    generation = await newest(story)
    assert (generation.prompt, generation.instruction) == (generation.settings.prompt, "")


@pytest.mark.parametrize(("length", "code"), [(501, "bad_wish"), (2_001, "bad_frame")])
async def test_a_long_wish_is_refused(
    model_server: ScriptedServer, story: Story, length: int, code: str
) -> None:
    await with_text(story)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue", next="x" * length)
        assert (await socket.receive())["code"] == code
        await socket.send(type="continue", next=5)
        assert (await socket.receive())["code"] == "bad_frame"
    assert not await Generation.objects.aexists()


async def test_what_is_chosen_is_asked_and_kept(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_TEMPERATURE = 0.5
    await with_text(story, writer="tale", temperature=0.0, words_at_once=20, seed=0)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        followed = await socket.until_done()
    assert followed.errors == []
    (chat,) = model_server.chats("tale")
    assert chat["body"]["options"]["temperature"] == 0
    assert chat["body"]["options"]["seed"] == 0
    generation = await newest(story)
    assert (generation.model, generation.seed, generation.words_at_once) == ("tale", 0, 20)
    assert generation.options["temperature"] == 0
    added = generation.text.split()
    assert 5 < len(added) <= 20
    assert generation.text.endswith((".", '"')), "in whole sentences"


async def test_a_rewrite_is_asked_of_the_chosen_model_too(
    model_server: ScriptedServer, story: Story
) -> None:
    await with_text(story, writer="rewriter", temperature=1.5, seed=7)
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="rewrite", start=0, end=len(TEXT), version=1, selected=TEXT)
        await socket.until_done()
    options = model_server.chats("rewriter")[0]["body"]["options"]
    assert (options["temperature"], options["seed"]) == (1.5, 7)


async def test_nothing_chosen_leaves_all_as_it_was(
    model_server: ScriptedServer, story: Story
) -> None:
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    options = model_server.chats("steady")[-1]["body"]["options"]
    assert set(options) == {"num_ctx", "num_predict", "seed"}
    generation = await newest(story)
    assert generation.words_at_once is None
    assert generation.options == options


async def test_a_chosen_model_that_is_gone_is_told(
    model_server: ScriptedServer, story: Story
) -> None:
    await with_text(story, writer="missing")
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        (error,) = (await socket.until_done()).errors
    assert error["code"] == CHOSEN_MISSING
    assert error["message"] == (
        "The model missing, which you chose for this story, is not on the model server any more. "
        "Choose another one, or go back to the default."
    )


async def test_the_default_that_is_gone_is_told_as_before(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    settings.STORY_MODEL = "missing"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        (error,) = (await socket.until_done()).errors
    assert error["code"] == "model_missing"


async def test_a_tuned_model_that_is_gone_is_told(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    await WriterModel.objects.acreate(
        name="missing", base=settings.STORY_MODEL, state=WriterModel.State.ACTIVE
    )
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        (error,) = (await socket.until_done()).errors
    assert error["code"] == "model_missing"
    assert error["message"].startswith("The tuned model missing, which is in service, is not on")


def test_a_row_that_was_taken_over_is_written_as_it_was_chosen(story: Story) -> None:
    choose(story, writer="tale", temperature=1.2, words_at_once=40)
    number = open_generation(story.pk, story.owner, Generation.Kind.WRITE).pk
    choose(story, writer="", temperature=None, words_at_once=None)
    stored = Generation.objects.get(pk=number)
    assignment = assignment_of(stored)
    assert Generation.story.is_cached(stored), "the runner can't read it"
    assert assignment.limit == 40
    attempt = next(assignment.attempts(8192))
    assert attempt.options["temperature"] == 1.2
    assert stored.model == "tale"


def test_more_words_at_once_than_the_settings_say_are_no_more(story: Story) -> None:
    library.change_settings(story, story_settings(max_words=50))
    choose(story, words_at_once=4_000)
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert assignment_of(generation).limit == 50
