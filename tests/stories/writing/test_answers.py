"""What models are known to answer, over the socket: only the story is kept, and all of it."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

import modelserver
from prose import words
from stories.history import library
from stories.models import Generation, Story
from stories.writing import runner
from tests.conftest import ScriptedServer
from tests.support.model_server import CASES
from tests.support.sockets import Followed, StorySocket

pytestmark = pytest.mark.django_db(transaction=True)

STORY = (
    "Anna climbed the lighthouse with Old Ben. The silver key was cold.\n\n"
    "They opened the door and smiled."
)


async def ask(story: Story, settings: Settings, model: str, kind: str = "write") -> Followed:
    """Let `model` write or go on; return what was seen of it."""
    settings.STORY_MODEL = model
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type=kind)
        return await socket.until_done()


@sync_to_async
def stored(story: Story) -> tuple[Story, Generation]:
    """Return the story as it is stored, and its newest generation."""
    newest = Generation.objects.filter(story=story).first()
    assert newest is not None
    return Story.objects.get(pk=story.pk), newest


@pytest.mark.parametrize(
    ("case", "kinds"),
    [
        ("say_think_tags", {"thoughts"}),
        ("say_preamble_afterword", {"greeting", "afterword"}),
        ("say_template_tokens", {"template"}),
    ],
)
async def test_only_the_story_is_kept(
    model_server: ScriptedServer, story: Story, settings: Settings, case: str, kinds: set[str]
) -> None:
    followed = await ask(story, settings, case)
    fresh, generation = await stored(story)
    assert followed.errors == []
    assert followed.done["status"] == "done"
    assert fresh.text == STORY
    assert {piece["kind"] for piece in generation.removed} == kinds


async def test_what_was_taken_out_is_shown(
    model_server: ScriptedServer, story: Story, settings: Settings, alices: Client
) -> None:
    await ask(story, settings, "say_preamble_afterword")
    page = (await sync_to_async(alices.get)(f"/stories/{story.pk}/")).content.decode()
    assert "What was taken out" in page
    assert "Would you like me to change anything?" in page


async def test_a_continuation_neither_greets_nor_waves(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    await sync_to_async(library.save_text)(story, story.owner, "It was late.", 0)
    await ask(story, settings, "say_preamble_afterword", "continue")
    fresh, _ = await stored(story)
    assert fresh.text.startswith("It was late.")
    assert "".join(fresh.text.split()) == "".join(f"It was late. {STORY}".split())


async def test_a_beginning_told_again_is_stored_once(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    begun = "Anna climbed the lighthouse. The lamp was cold."
    await sync_to_async(library.save_text)(story, story.owner, begun, 0)
    followed = await ask(story, settings, "say_continue_restart", "continue")
    fresh, _ = await stored(story)
    assert fresh.text == f"{begun}\n\nBen waited below. Then the light came back."
    assert "climbed" not in followed.text


async def test_thoughts_cost_the_story_nothing(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    case = json.loads((CASES / "say_gptoss_thinking_500.json").read_text())
    whole = "".join(piece["content"] if isinstance(piece, dict) and "content" in piece else ""
                    if isinstance(piece, dict) else piece for piece in case["chunks"])  # fmt: skip
    settings.STORY_MODEL = "say_gptoss_thinking_500"
    frames: list[dict[str, Any]] = []
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        while not frames or frames[-1]["type"] != "done":
            frames.append(await socket.receive())
    fresh, generation = await stored(story)
    assert frames[-1]["status"] == "done"
    assert fresh.text == whole.strip()
    assert words.count(fresh.text) > 200
    assert generation.report["whole_end"]
    types = [frame["type"] for frame in frames]
    assert types.count("thinking") == 1, "the page is told, once"
    assert types.index("thinking") < types.index("text")


async def test_who_thinks_in_tags_has_the_room_for_it_the_next_time(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    runner._thinkers.clear()
    for _ in range(2):
        await ask(story, settings, "say_think_tags")
    first, second = (
        chat["body"]["options"]["num_predict"] for chat in model_server.chats("say_think_tags")[-2:]
    )
    assert second - first == modelserver.THOUGHTS


async def test_a_refusal_is_told_and_never_offered(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    text = "Anna ran. Ben held the map. The road went on."
    await sync_to_async(library.save_text)(story, story.owner, text, 0)
    settings.STORY_MODEL = "say_rewrite_refusal"
    start = text.index("Ben held the map.")
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(
            type="rewrite", start=start, end=start + 17, version=1, selected="Ben held the map."
        )
        followed = await socket.until_done()
    assert [error["code"] for error in followed.errors] == ["refused_by_model"]
    _, generation = await stored(story)
    assert generation.replacement == ""
    assert generation.decision == "discarded"
    assert generation.error_code == "refused_by_model"
    assert "can't rewrite that" in generation.error_message
    fresh, _ = await stored(story)
    assert fresh.text == text


async def test_a_refused_story_leaves_no_version(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    followed = await ask(story, settings, "say_rewrite_refusal")
    fresh, _ = await stored(story)
    assert [error["code"] for error in followed.errors] == ["refused_by_model"]
    assert (fresh.text, fresh.version) == ("", 0)


async def test_a_chinese_story_is_counted_found_and_whole(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    story.settings.main_characters, story.settings.keywords = "小明", "狐狸"
    await sync_to_async(story.settings.save)()
    followed = await ask(story, settings, "say_chinese")
    report = followed.done["report"]
    assert report["words"] == words.count("小明走进森林。他看见一只白色的狐狸。") > 8
    assert report["characters_found"] == ["小明"]
    assert report["keywords_found"] == ["狐狸"]
    assert report["whole_end"]
