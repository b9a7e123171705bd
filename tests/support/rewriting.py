"""One story with a passage in it, and the way from the socket to Keep."""

from typing import Any

from asgiref.sync import sync_to_async

from stories.models import Generation, Story
from stories.writing import rewrites
from stories.writing.rewrites import Selection
from tests.support.sockets import StorySocket

BEFORE = "🏳️‍🌈 Zoë lit the lantern 👩‍👩‍👧. שלום!\n\n"
PASSAGE = "Ben held the old map and looked at the sea, which was grey."
AFTER = " The road went down to the harbour.\n\nNobody came, e\u0301ver."
TEXT = BEFORE + PASSAGE + AFTER
WRITTEN = "A quiet wind crossed the yard, and Zoë 🙂 slept."
START, END = len(BEFORE), len(BEFORE) + len(PASSAGE)
HERE: dict[str, Any] = {"start": START, "end": END, "version": 1, "selected": PASSAGE}


async def rewritten(story: Story, **changes: Any) -> Generation:
    """Let the model rewrite the passage to the end; return the stored row."""
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="rewrite", **{**HERE, **changes})
        followed = await socket.until_done()
    assert followed.errors == []
    return await Generation.objects.aget(pk=followed.generation["id"])


@sync_to_async
def keep(story: Story, generation: Generation, **changes: Any) -> int:
    """Keep the replacement."""
    here = {**HERE, **changes}
    where = Selection(here["start"], here["end"], here["version"], here["selected"])
    return rewrites.keep(Story.objects.get(pk=story.pk), story.owner, generation.pk, where)


@sync_to_async
def stored(story: Story) -> Story:
    """Return the story as it is stored."""
    return Story.objects.get(pk=story.pk)
