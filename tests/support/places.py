"""Stories of the model in service, and random passages of them that are written anew.

Goes the way of a page: the story's websocket, then Keep. Used by the benchmark and by a test, both
with Django set up.
"""

import random
from dataclasses import dataclass

from asgiref.sync import sync_to_async

from prose.passage import Passage, cut
from prose.sentences import sentences as all_sentences
from stories.history import library
from stories.models import Generation, Story, StorySettings, User
from stories.writing import rewrites
from stories.writing.rewrites import Selection
from tests.support.sockets import StorySocket

SETTINGS = (
    ("Anna, Ben", "lantern, old map", "Mystery", "Elegant"),
    ("Zoë", "storm", "Adventure", "Direct"),
    ("Old Tom, Mary", "silver key, well", "Fantasy", "Descriptive"),
    ("Clara, Hugo", "letter", "Romance", "Formal"),
    ("Captain Ray, Iris", "signal, moon", "Sci-fi", "Casual"),
    ("Lena", "mirror, candle", "Gothic", "Vivid"),
    ("Mr. Pike, Dot", "pie, goat", "Comedy", "Playful"),
    ("Omar, Ruth", "bridge", "War", "Conversational"),
    ("Ada, Finn", "clock, feather", "Quirky", "Irreverent"),
    ("Nora, Sam", "photograph, attic", "Thriller", "Cerebral"),
)


@dataclass(frozen=True)
class Rewrite:
    """One rewrite that was kept: the text before, the passage in it, and what came of it."""

    text: str
    passage: Passage
    generation: Generation
    kept: str

    @property
    def is_identical_outside(self) -> bool:
        """Whether nothing but the passage is another one, byte for byte."""
        if not self.generation.replacement:
            return self.kept == self.text
        expected = self.passage.before + self.generation.replacement + self.passage.after
        return self.kept.encode() == expected.encode()


async def write_story(user: User, number: int, max_words: int = 200) -> Story:
    """Let the model write the story of `SETTINGS[number]`."""
    characters, keywords, genre, register = SETTINGS[number % len(SETTINGS)]
    settings = StorySettings(
        main_characters=characters,
        keywords=keywords,
        genre=genre,
        register=register,
        max_words=max_words,
    )
    story: Story = await sync_to_async(library.create_story)(user, settings)
    async with StorySocket(user, story.pk) as socket:
        await socket.send(type="write")
        await socket.until_done()
    await story.arefresh_from_db(fields=["text", "version"])
    return story


def sentences(text: str, rng: random.Random, share: float | None = None) -> Selection:
    """Return a random run of sentences of `text`: one to three, or `share` of the words."""
    found = list(all_sentences(text))
    first = rng.randrange(len(found))
    last = first
    if share is None:
        last = min(len(found) - 1, first + rng.randrange(3))
    else:
        wanted = share * len(text.split())
        while len(text[found[first][0] : found[last][1]].split()) < wanted * 0.8:
            if last + 1 == len(found):
                first -= 1
            else:
                last += 1
    start, end = found[first][0], found[last][1]
    return Selection(start, end, 0, text[start:end])


async def ask(story: Story, where: Selection, again: int | None = None) -> Generation:
    """Let the model rewrite `where`; return the pending generation."""
    frame = {"start": where.start, "end": where.end, "selected": where.text}
    if again is not None:
        frame["again"] = again
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="rewrite", version=story.version, **frame)
        followed = await socket.until_done()
    return await Generation.objects.aget(pk=followed.generation["id"])


async def rewrite(story: Story, where: Selection) -> Rewrite:
    """Let the model rewrite `where` and keep the replacement; `story` is read anew."""
    text = story.text
    generation = await ask(story, where)
    here = Selection(where.start, where.end, story.version, where.text)
    if generation.replacement:  # else there is nothing to keep, and the check will say so
        await sync_to_async(rewrites.keep)(story, story.owner, generation.pk, here)
    await story.arefresh_from_db(fields=["text", "version"])
    return Rewrite(text, cut(text, where.start, where.end), generation, story.text)
