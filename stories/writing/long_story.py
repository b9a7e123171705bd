"""Going on from a story that no model reads as a whole: by its end and a summary of the rest.

The summary is made by the model, part by part, kept with the story (`StorySummary`), and renewed as
the story grows. The writer sees it and can put it into words of their own.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async

import modelserver
from modelserver import Abilities
from prose import prompts, sentences
from prose.answers.task import Task
from prose.excerpts import TokenCount, last_sentences, parts
from stories.models import Generation, StorySummary, StoryVersion
from stories.writing import hub
from stories.writing.answering import Answer
from stories.writing.servers.health import server_of

# Words of a summary that the model makes, and characters of any: as many as can be shown.
WORDS, LONGEST = 150, 2_000
# Tokens of a summary that the model is shown, of the room for the story a quarter at most.
_TOKENS, _SHARE = 800, 4
# Tokens without which neither an end nor a part is worth showing.
_LEAST = 96


@dataclass(frozen=True)
class View:
    """What of a story the model is shown: from `start` on (code points), and of a summary."""

    start: int = 0
    summary_tokens: int = 0


def view_of(text: str, room: int, count: TokenCount) -> View:
    """Return what of `text` fits into `room` tokens: all of it, if it can be.

    Reads the whole text: not for the event loop.
    """
    summary = min(_TOKENS, room // _SHARE)
    if room < _LEAST or count(text) <= room:
        return View()
    return View(len(text) - len(last_sentences(text, room - summary, count)), summary)


async def summary_for(
    generation: Generation, text: str, view: View, num_ctx: int, able: Abilities
) -> str:
    """Return a summary of `text` up to where the `view` begins, so much as it has room for.

    What is missing of it is made, which is told to the story's pages. Raises `ModelServerError`.
    """
    count = modelserver.counter(server_of(generation), generation.model).estimate
    summary = await database_sync_to_async(_known)(generation, len(text))
    if summary.upto < view.start:
        # Further than it has to go: the next ones that go on find it as it is.
        end = view.start + (len(text) - view.start) // 2
        summary = await _renewed(summary, text[summary.upto : end], generation, num_ctx, able)
    return await asyncio.to_thread(last_sentences, summary.text, view.summary_tokens, count)


def _known(generation: Generation, length: int) -> StorySummary:
    """Return what is told already of the take that is gone on from."""
    take = take_of(generation.story_id, generation.base_version)
    found = StorySummary.objects.filter(story=generation.story_id).first()
    if found is None:
        return StorySummary(story_id=generation.story_id, take=take)
    if found.take != take or (found.upto > length and not found.is_own):
        found.text, found.take, found.upto, found.is_own = "", take, 0, False
    found.upto = min(found.upto, length)
    return found


def take_of(story: int, version: int | None) -> int:
    """Return which of the stories written from nothing a version of `story` goes back to."""
    found = StoryVersion.objects.filter(story=story, number=version or 0)
    return found.values_list("take", flat=True).first() or 1


async def _renewed(
    summary: StorySummary, unread: str, generation: Generation, num_ctx: int, able: Abilities
) -> StorySummary:
    """Let the model read `unread`, part by part; each part's summary is kept at once."""
    count = modelserver.counter(server_of(generation), generation.model).estimate
    empty = prompts.summary_prompt("a" * LONGEST, "", WORDS)
    room = num_ctx - count(empty) - prompts.token_limit(WORDS)
    if room < _LEAST:
        return summary
    pieces = await asyncio.to_thread(lambda: list(parts(unread, room, count)))
    for number, part in enumerate(pieces, 1):
        told = {"generation": generation.pk, "part": number, "of": len(pieces)}
        await hub.tell(generation.story_id, {"type": "generation.reading", **told})
        # What the writer put into words stays, and goes on with what is new.
        before = "" if summary.is_own else summary.text
        news = await _told(prompts.summary_prompt(before, part, WORDS), generation, num_ctx, able)
        summary.upto += len(part)
        if summary.is_own:
            summary.text = f"{summary.text}\n{news}".strip()[:LONGEST]
        elif news:
            summary.text = news
        if not await database_sync_to_async(_keep)(summary):
            # The writer has just put it into other words.
            read = database_sync_to_async(StorySummary.objects.get)
            return await read(story=generation.story_id)
    return summary


async def _told(prompt: str, generation: Generation, num_ctx: int, able: Abilities) -> str:
    options: dict[str, Any] = {
        "num_ctx": num_ctx,
        "num_predict": prompts.token_limit(WORDS) + modelserver.THOUGHTS * able.thinks,
        "seed": generation.seed,
    }
    chat = [{"role": "user", "content": prompt}]
    answer = modelserver.chat(server_of(generation), generation.model, chat, options, able)
    # What isn't the summary is taken out as of a story; a refusal leaves nothing.
    cleaned, length = Answer(Task()), 0
    async with aclosing(answer) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            length += len(cleaned.take(chunk.text))
            if length > LONGEST or cleaned.ended:
                break
    text = await asyncio.to_thread(cleaned.left)
    return sentences.whole_sentences(text[:LONGEST].strip(), WORDS)


def _keep(summary: StorySummary) -> bool:
    """Store `summary`, unless the writer has changed it since it was read."""
    if summary.pk is None:
        summary.save()
        return True
    unchanged = StorySummary.objects.filter(pk=summary.pk, updated_at=summary.updated_at)
    if not unchanged.exists():
        return False
    summary.save()
    return True
