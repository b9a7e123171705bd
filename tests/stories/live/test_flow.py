"""Flow control: no more text on its way than the bound, and nothing lost to who was behind."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from stories.history import library
from stories.live import close_codes
from stories.live.flow import LONGEST_PIECE, UNACKNOWLEDGED, StalledError, Window
from stories.models import Generation, Story
from stories.writing.textlog import Piece
from tests.conftest import ScriptedServer, story_settings
from tests.support.sockets import Followed, StorySocket

LONG = 2000  # words, as many as the scripted model "long" writes


async def drain(parts: AsyncIterator[Piece]) -> list[Piece]:
    """Return all that comes."""
    return [part async for part in parts]


async def test_a_piece_is_sent_in_parts_up_to_the_bound() -> None:
    window = Window(5)
    text = "🙂é" * UNACKNOWLEDGED
    parts: list[Piece] = []

    async def send() -> None:
        admitted = window.admit(Piece(5, text))
        while (part := await anext(admitted, None)) is not None:
            parts.append(part)

    sending = asyncio.create_task(send())
    for _ in range(3):
        await asyncio.sleep(0.01)
        assert max(len(part.text) for part in parts) <= LONGEST_PIECE
        sent = parts[-1].offset + len(parts[-1].text)
        assert sent == min(window._acknowledged + UNACKNOWLEDGED, 5 + len(text))
        window.acknowledge(10**9)  # nobody has what was not sent
    await sending
    assert "".join(part.text for part in parts) == text
    assert [part.offset for part in parts] == list(range(5, 5 + len(text), LONGEST_PIECE))


async def test_who_acknowledges_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stories.live.flow.STALLED_AFTER", 0.05)
    window = Window(0)
    await drain(window.admit(Piece(0, "x" * UNACKNOWLEDGED)))
    window.acknowledge(10)
    window.acknowledge(3)  # late, and no step back
    assert len(await drain(window.admit(Piece(UNACKNOWLEDGED, "x" * 10)))) == 1
    with pytest.raises(StalledError):
        await drain(window.admit(Piece(UNACKNOWLEDGED + 10, "x")))


async def unread(socket: StorySocket) -> Followed:
    """Take in what comes without acknowledging it, until nothing does any more."""
    followed = Followed()
    while not await socket.silent(1.0):
        frame = await socket.receive()
        if frame["type"] == "text":
            assert frame["offset"] == len(followed.text)
            assert len(frame["text"]) <= LONGEST_PIECE
            followed.text += frame["text"]
        elif frame["type"] == "generation":
            followed.generation = frame
    return followed


@pytest.fixture
async def long_story(model_server: ScriptedServer, story: Story, settings: Settings) -> Story:
    """A story whose text is longer than the bound, while and after it is written."""
    settings.STORY_MODEL = "long"
    await sync_to_async(library.change_settings)(story, story_settings(max_words=LONG))
    return story


@pytest.mark.django_db(transaction=True)
async def test_a_client_that_acknowledges_late_gets_the_rest(long_story: Story) -> None:
    async with StorySocket(long_story.owner, long_story.pk) as socket:
        await socket.send(type="write")
        followed = await unread(socket)
        assert UNACKNOWLEDGED - LONGEST_PIECE < len(followed.text) <= UNACKNOWLEDGED
        await socket.send(type="ack", offset=len(followed.text))
        await socket.until_done(followed)
        generation = await Generation.objects.aget(story=long_story)
        assert followed.text.rstrip() == generation.text
        assert len(generation.text) > UNACKNOWLEDGED
        assert followed.done["status"] == "done"
        # The stored text is sent no differently.
        await socket.send(type="attach", generation=generation.pk, offset=0)
        again = await unread(socket)
        assert UNACKNOWLEDGED - LONGEST_PIECE < len(again.text) <= UNACKNOWLEDGED
        await socket.send(type="ack", offset=len(again.text))
        await socket.until_done(again)
        assert again.text == generation.text


@pytest.mark.django_db(transaction=True)
async def test_a_client_that_never_catches_up_is_closed_and_attaches_again(
    long_story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stories.live.flow.STALLED_AFTER", 0.5)
    async with StorySocket(long_story.owner, long_story.pk) as socket:
        await socket.send(type="write")
        followed, code = await socket.until_closed()
        assert code == close_codes.STALLED
    async with StorySocket(long_story.owner, long_story.pk) as again:
        hello = await again.receive()
        await again.send(type="attach", generation=hello["id"], offset=len(followed.text))
        await again.until_done(followed)
    generation = await Generation.objects.aget(story=long_story)
    assert followed.text.rstrip() == generation.text
