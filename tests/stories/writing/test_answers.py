"""What models are known to answer, over the socket: only the story is kept, and all of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

import modelserver
from modelserver import wire
from modelserver.ollama_api.reading import Reader
from prose import words
from stories.history import library
from stories.models import Generation, Story
from stories.writing import opening, rewrites, runner
from stories.writing.assignments import assignment_of
from tests.conftest import ScriptedServer, story_settings
from tests.support.model_server import CASES, tokens
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


# ---- What comes at once ----

MOST = 200  # tokens
TALE = list(islice(tokens(), 300))
PASSAGE = "".join(TALE[:96])
BEFORE, AFTER = "It was late. ", " The road went down to the harbour."
AT_ONCE: dict[str, list[Any]] = {
    "goes on beyond the words": TALE,
    "goes on beyond the characters": ["Anna went. ", *["— — — — — — "] * 400],
    "goes on without spaces": ["灯塔下面的海"] * 300,
    "goes on without text": [*TALE[:20], *[""] * 500],
    "thinks in tags": ["<think>", *[" so"] * 30, "</think>", *TALE],
    "thinks before a tag": [*TALE[:20], "</think>", *TALE],
    "thinks apart": [*[{"thinking": " so"}] * 30, *TALE[:9], {"thinking": " so"}, *TALE],
    "ends by a token": [*TALE[:20], "<|im_end|>", *TALE],
    "has markdown": ["#", " _One", "_ ", *TALE[:9], " ", "_so", "_", " x", "\n", "> ", *TALE[:9]],
    "has halves of characters": [*TALE[:9], "\ud83d", "\ude42", "\x00", *TALE[:9]],
    "comes to what follows": [" Ben sat.", " The", " road", " went", " down", " to", *TALE],
    **{path.stem: json.loads(path.read_text())["chunks"] for path in CASES.glob("say_*.json")},
}


def opened(story: Story, kind: str) -> Generation:
    """Return a row of `kind` for a story with a text, if there must be one."""
    if kind != Generation.Kind.WRITE:
        library.save_text(story, story.owner, BEFORE + PASSAGE + AFTER, 0)
    if kind == Generation.Kind.REWRITE:
        end = len(BEFORE) + len(PASSAGE)
        here = rewrites.Selection(len(BEFORE), end, 1, PASSAGE)
        return rewrites.open_rewrite(story.pk, story.owner, here, rewrites.Wish()).generation
    return opening.open_generation(story.pk, story.owner, Generation.Kind(kind))


async def read(answer: list[Any], at_once: int) -> AsyncIterator[modelserver.Chunk]:
    """Yield the pieces of `answer`, of which so many come on one beat."""
    messages = [each if isinstance(each, dict) else {"content": each} for each in answer]
    lines = [json.dumps({"message": each}).encode() for each in messages]
    lines.append(b'{"done": true, "done_reason": "stop", "eval_count": 7}')
    reader = Reader(modelserver.Server.at("http://127.0.0.1:9"))
    for start in range(0, len(lines), at_once):
        for chunk in wire._joined(lines[start : start + at_once], reader):
            yield chunk


async def taken(generation: Generation, answer: list[Any], at_once: int) -> tuple[Any, int]:
    """Return all that comes of `answer`, and in how many pieces it is shown."""
    runner._thinkers.clear()
    run = runner._Run(await sync_to_async(assignment_of)(generation))
    await run._receive(read(answer, at_once), MOST)
    shown = run.outcome.text = "".join(run.parts)
    run.outcome.facts.pop("first_token_at", None)
    await asyncio.to_thread(run.assignment.conclude, run.outcome)
    thought = bool(runner._thinkers)
    runner._thinkers.clear()
    return (shown, run.outcome, thought), len(run.parts)


@pytest.mark.parametrize("kind", ["write", "continue", "rewrite"])
async def test_what_comes_at_once_is_taken_as_if_it_came_in_turn(story: Story, kind: str) -> None:
    """Up to the piece where it ends, is a thought, or has what is not the story's."""
    await sync_to_async(library.change_settings)(story, story_settings(max_words=150))
    generation = await sync_to_async(opened)(story, kind)
    for name, answer in AT_ONCE.items():
        in_turn, _ = await taken(generation, answer, 1)
        for at_once in (2, 3, 40):
            together, _ = await taken(generation, answer, at_once)
            assert together == in_turn, (name, at_once)


async def test_what_comes_at_once_in_the_middle_is_one_piece(story: Story) -> None:
    generation = await sync_to_async(opened)(story, Generation.Kind.WRITE)
    (in_turn, many), (together, few) = [await taken(generation, TALE, each) for each in (1, 4)]
    assert together == in_turn
    assert few < many / 2
