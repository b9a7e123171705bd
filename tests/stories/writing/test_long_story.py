"""Going on from a story that no model reads as a whole: by its end and a summary of the rest."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from prose import words
from prose.excerpts import last_sentences, parts
from stories.history import library
from stories.models import Generation, Story, StorySummary
from stories.writing.long_story import LONGEST, WORDS
from tests.conftest import ScriptedServer
from tests.support.sockets import Followed, StorySocket

pytestmark = pytest.mark.django_db(transaction=True)

SENTENCES = 3_000  # of ten words: thirty thousand
CONTEXT = 8_192  # of the model "bytewise" each byte is a token; it refuses what is longer
TALE = " ".join(
    f"On day {number} Anna walked on and counted her steps." for number in range(SENTENCES)
)


async def go_on(story: Story) -> Followed:
    """Let the model go on; return what was seen of it."""
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="continue")
        return await socket.until_done()


def messages(server: ScriptedServer, model: str) -> list[list[dict[str, str]]]:
    """Return the chats that were sent to `model` and answered."""
    return [chat["body"]["messages"] for chat in server.chats(model) if chat["ended"] == "whole"]


@pytest.fixture
def long(story: Story) -> Story:
    """A story of thirty thousand words."""
    library.save_text(story, story.owner, TALE, 0)
    return story


def newest(story: Story) -> tuple[Story, Generation, StorySummary]:
    """Return the story as it is stored, its last generation and its summary."""
    fresh = Story.objects.get(pk=story.pk)
    return fresh, story.generations.first() or Generation(), StorySummary.objects.get(story=story)


@pytest.mark.parametrize("model", ["summarizer", "bytewise"])
async def test_a_story_of_thirty_thousand_words_goes_on(
    model_server: ScriptedServer, long: Story, settings: Settings, model: str
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = model, CONTEXT
    before = len(messages(model_server, model))
    followed = await go_on(long)
    assert followed.errors == []
    assert followed.done["status"] == "done"
    fresh, generation, summary = await sync_to_async(newest)(long)
    assert fresh.text == TALE + followed.text
    asked = messages(model_server, model)[before:]
    told, (prompt, shown) = asked[:-1], asked[-1]
    # The whole beginning was read, part by part, and nothing but it.
    read = "".join(chat[0]["content"].partition(":\n")[2] for chat in told if len(chat) == 1)
    assert len(told) > 2
    assert all(f"On day {number} " in read for number in range(0, SENTENCES // 2, 97))
    # The end is shown as the model's own words, from the beginning of a sentence on.
    assert TALE.endswith(shown["content"])
    assert shown["content"].startswith("On day ")
    assert summary.text
    assert prompt["content"] == generation.prompt
    assert prompt["content"].endswith(summary.text)
    size = sum(len(message["content"].encode()) for message in (prompt, shown))
    assert size > CONTEXT // 2, "what there is room for is used"
    context = generation.report["context"]
    assert context["before"] == words.count(shown["content"])
    assert context["before_of"] == words.count(TALE)
    assert context["summary"] == words.count(summary.text)
    assert 0 < context["summary"] <= WORDS
    assert len(TALE) > summary.upto > len(TALE) - len(shown["content"])
    # What is told once is not told again.
    await go_on(fresh)
    more = messages(model_server, model)[before + len(asked) :]
    assert 1 <= len(more) <= 2, "what the server counted may leave room for less"
    assert not any("On day 0 " in chat[0]["content"] for chat in more)


async def test_the_page_is_told_which_part_is_read(
    model_server: ScriptedServer, long: Story, settings: Settings
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = "summarizer", CONTEXT
    parts_read: list[tuple[int, int]] = []
    async with StorySocket(long.owner, long.pk) as socket:
        await socket.send(type="continue")
        while (frame := await socket.receive())["type"] != "done":
            if frame["type"] == "reading":
                parts_read.append((frame["part"], frame["of"]))
    count = parts_read[-1][1]
    assert count > 2
    assert parts_read == [(number, count) for number in range(1, count + 1)]


async def test_a_stop_while_it_is_read_keeps_what_was_told(
    model_server: ScriptedServer, long: Story, settings: Settings
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = "summarizer", CONTEXT
    async with StorySocket(long.owner, long.pk) as socket:
        await socket.send(type="continue")
        while (await socket.receive()).get("part") != 3:
            pass
        await socket.send(type="stop")
        followed = await socket.until_done()
    assert followed.done["status"] == "stopped"
    fresh, _, summary = await sync_to_async(newest)(long)
    assert fresh.text == TALE
    known = summary.upto
    assert 0 < known < len(TALE)
    before = len(messages(model_server, "summarizer"))
    await go_on(fresh)
    first = messages(model_server, "summarizer")[before][0]["content"]
    assert TALE[known : known + 40] in first
    assert TALE[:40] not in first


async def test_the_writers_words_stay_and_are_added_to(
    model_server: ScriptedServer, long: Story, settings: Settings, alices: Client
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = "summarizer", CONTEXT
    await go_on(long)

    def change(text: str) -> Any:
        return alices.post(f"/stories/{long.pk}/summary/", {"summary": text}, follow=True)

    page = (await sync_to_async(change)("Anna counts, and Ben is a cat.")).content.decode()
    assert "Anna counts, and Ben is a cat.</textarea>" in page
    assert "These are your words" in page
    fresh, _, summary = await sync_to_async(newest)(long)
    assert summary.is_own
    grown = fresh.text + TALE[: len(TALE) // 2]
    await sync_to_async(library.save_text)(fresh, fresh.owner, grown, fresh.version)
    await go_on(fresh)
    _, generation, summary = await sync_to_async(newest)(long)
    assert summary.text.startswith("Anna counts, and Ben is a cat.\n")
    assert "Ben is a cat" in generation.prompt
    await sync_to_async(change)("")
    assert not await StorySummary.objects.filter(story=long).aexists()


async def test_words_of_the_writers_are_never_cut_for_the_models(
    model_server: ScriptedServer, long: Story, settings: Settings
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = "summarizer", CONTEXT
    own = "Ben is a cat. " + "He sleeps. " * (LONGEST // 11 - 3)
    await StorySummary.objects.acreate(story=long, text=own, is_own=True)
    await go_on(long)
    _, generation, summary = await sync_to_async(newest)(long)
    assert summary.text.startswith(own.strip())
    assert len(summary.text) <= LONGEST
    assert "Ben is a cat." in generation.prompt


@pytest.mark.parametrize("model", ["say_preamble_afterword", "say_think_tags"])
async def test_a_summary_is_cleaned_as_any_answer(
    model_server: ScriptedServer, long: Story, settings: Settings, model: str
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = model, CONTEXT
    await go_on(long)
    _, _, summary = await sync_to_async(newest)(long)
    assert summary.text.startswith("Anna climbed the lighthouse with Old Ben.")
    assert summary.text.endswith("They opened the door and smiled.")


async def test_a_refusal_is_no_summary(
    model_server: ScriptedServer, long: Story, settings: Settings
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = "say_rewrite_refusal", CONTEXT
    await StorySummary.objects.acreate(story=long, text="Anna counts.")
    async with StorySocket(long.owner, long.pk) as socket:
        await socket.send(type="continue")
        await socket.until_done()
    assert (await StorySummary.objects.aget(story=long)).text == "Anna counts."


async def test_another_take_has_another_beginning(
    model_server: ScriptedServer, long: Story, settings: Settings
) -> None:
    settings.STORY_MODEL, settings.STORY_NUM_CTX = "summarizer", CONTEXT
    await go_on(long)
    async with StorySocket(long.owner, long.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    fresh, _, _ = await sync_to_async(newest)(long)
    other = "\n".join(f"Night {number} was silent and cold." for number in range(5_000))
    await sync_to_async(library.save_text)(fresh, fresh.owner, other, fresh.version)
    before = len(messages(model_server, "summarizer"))
    await go_on(fresh)
    assert "Night 0 " in messages(model_server, "summarizer")[before][0]["content"]


async def test_somebody_elses_summary_is_out_of_reach(
    long: Story, charlie: Any, client: Client
) -> None:
    await StorySummary.objects.acreate(story=long, text="Secret.")
    await sync_to_async(client.force_login)(charlie)
    answer = await sync_to_async(client.post)(f"/stories/{long.pk}/summary/", {"summary": "x"})
    assert answer.status_code == 404
    assert (await StorySummary.objects.aget(story=long)).text == "Secret."


def test_a_summary_has_a_bound(long: Story, alices: Client) -> None:
    StorySummary.objects.create(story=long, text="Told.")
    alices.post(f"/stories/{long.pk}/summary/", {"summary": "x" * (LONGEST + 500)})
    assert len(StorySummary.objects.get(story=long).text) == LONGEST


def test_words_that_were_typed_are_kept_though_the_summary_is_gone(
    long: Story, alices: Client
) -> None:
    alices.post(f"/stories/{long.pk}/summary/", {"summary": "Anna counts."})
    summary = StorySummary.objects.get(story=long)
    assert (summary.text, summary.is_own, summary.upto) == ("Anna counts.", True, 0)


@pytest.mark.parametrize("text", [TALE, "a" * 50_000, "走。" * 20_000, "word " * 9_000, ""])
def test_parts_are_the_whole_and_fit(text: str) -> None:
    def count(part: str) -> int:
        return len(part.encode()) // 3 + 1

    found = list(parts(text, 500, count))
    assert "".join(found) == text
    assert all(count(part) <= 500 for part in found)
    assert text.endswith(last_sentences(text, 500, count))
    assert count(last_sentences(text, 500, count)) <= 500
