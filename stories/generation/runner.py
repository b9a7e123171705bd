"""The task that writes: model server to log, checkpoints to the database, until the end or Stop."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from stories import ollama
from stories.generation import checkpoints, control, limits, requests, seams
from stories.generation.finishing import Outcome, finish
from stories.models import Generation, Story
from stories.textlog import Piece, get_text_log

logger = logging.getLogger(__name__)

FRAME_INTERVAL = 0.06  # seconds: what arrives within it goes out as one piece
_STORE_RETRIES = (0.2, 1.0, 3.0)  # seconds

# The loop holds tasks weakly; these must live until they end.
_tasks: set[asyncio.Task[None]] = set()
_context_lengths: dict[str, int | None] = {}


async def launch(generation: Generation) -> None:
    """Let the running loop write `generation`, a row just opened by this process."""
    await get_text_log().begin(generation.pk)
    run = _Run(generation)
    # Stoppable before anybody can know the number: no stop is lost.
    await control.obey(generation.pk, run.stop)
    task = asyncio.create_task(run.run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class _Run:
    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.writing: asyncio.Task[None] | None = None
        self.stopped = False
        self.log = get_text_log()
        self.base = requests.base_text(generation)
        self.limit = limits.word_limit(generation.settings.max_words, self.base)
        self.counter = limits.WordCounter()
        self.parts: list[str] = []
        self.length = 0  # code points of all parts
        self.logged = 0  # code points of those in the log
        self.pending: list[str] = []
        self.outcome = Outcome(Generation.Status.DONE, "")

    async def run(self) -> None:
        """Write to the end, whatever the end is, and store it."""
        self.writing = asyncio.create_task(self._write())
        if self.stopped:
            self.writing.cancel()
        checkpoints.keep(self.generation, lambda: "".join(self.parts), self.stop)
        flushing = asyncio.create_task(self._flush_often())
        try:
            await self.writing
        except asyncio.CancelledError:
            self.outcome.status = Generation.Status.STOPPED
        except ollama.ModelServerError as error:
            logger.warning("Generation %s: %s %s", self.generation.pk, error, error.hint)
            self._fail(error.code, str(error))
        except Exception:
            logger.exception("Generation %s failed", self.generation.pk)
            self._fail("internal", "Something went wrong while the story was being written.")
        finally:
            checkpoints.drop(self.generation)
            control.ignore(self.generation.pk)
            flushing.cancel()
            await asyncio.gather(flushing, return_exceptions=True)
        await self._flush()
        self.outcome.text = self._final_text()
        await self._store()
        await self.log.finish(self.generation.pk)

    def stop(self) -> None:
        """End the writing, and with it the request to the model server."""
        self.stopped = True
        if self.writing is not None:
            self.writing.cancel()

    def _fail(self, code: str, message: str) -> None:
        self.outcome.status = Generation.Status.FAILED
        self.outcome.error_code, self.outcome.error_message = code, message

    # ---- Text in ----

    async def _write(self) -> None:
        generation = self.generation
        options = requests.model_options(
            generation, self.base, await self._context_length(generation.model)
        )
        self.outcome.facts["options"] = options
        chat = requests.messages(generation, self.base)
        await self._receive(ollama.chat(generation.model, chat, options))
        if not self.length and self.base:
            # The story was whole to the model: a new paragraph is an invitation to go on.
            chat[-1]["content"] += "\n\n"
            await self._receive(ollama.chat(generation.model, chat, options), first="\n\n")
        if not self.length:
            message = "The model had nothing to add." if self.base else "The model wrote nothing."
            self.outcome.error_code, self.outcome.error_message = "nothing_written", message

    async def _context_length(self, model: str) -> int | None:
        if model not in _context_lengths:
            _context_lengths[model] = await ollama.context_length(model)
        return _context_lengths[model]

    async def _receive(self, chunks: AsyncIterator[ollama.Chunk], first: str = "") -> None:
        """Take in `chunks`; `first` is put before the first of them that has text."""
        async with aclosing(chunks) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                if text := self._fitted(chunk.text, first):
                    await self._take(text)
                if chunk.done:
                    self.outcome.facts |= {
                        "done_reason": chunk.done_reason[:20],
                        "prompt_tokens": chunk.prompt_tokens,
                        "completion_tokens": chunk.completion_tokens,
                    }
                elif self.counter.words > self.limit:
                    # Leaving closes the request, and the model server stops.
                    self.outcome.facts["done_reason"] = "words"
                    return

    def _fitted(self, text: str, first: str) -> str:
        """Return `text` as it is stored: the first of it meets the seam, NULs never come in."""
        text = text.replace("\x00", "")
        if self.length or not text.strip():
            return text if self.length else ""
        if first:
            return seams.joined(self.base, first + text.lstrip())
        return seams.joined(self.base, text) if self.base else text.lstrip()

    async def _take(self, text: str) -> None:
        first = not self.length
        self.parts.append(text)
        self.pending.append(text)
        self.length += len(text)
        self.counter.add(text)
        if first:
            self.outcome.facts["first_token_at"] = timezone.now()
            await self._flush()

    # ---- Text out ----

    async def _flush_often(self) -> None:
        while True:
            await asyncio.sleep(FRAME_INTERVAL)
            await self._flush()

    async def _flush(self) -> None:
        text, self.pending = "".join(self.pending), []
        if not text:
            return
        piece, self.logged = Piece(self.logged, text), self.logged + len(text)
        await self.log.append(self.generation.pk, piece)

    # ---- The end ----

    def _final_text(self) -> str:
        text = "".join(self.parts)
        cut_short = self.outcome.facts.get("done_reason") in {"length", "words"}
        if self.outcome.status == Generation.Status.DONE and (
            cut_short or self.counter.words > self.limit
        ):
            return limits.whole_sentences(text, self.limit)
        return text

    async def _store(self) -> None:
        for delay in (*_STORE_RETRIES, None):
            try:
                await database_sync_to_async(finish)(self.generation, self.outcome)
            except Story.DoesNotExist:
                # Deleted for good meanwhile: nothing of it may stay.
                await sync_to_async(self.log.forget)([self.generation.pk])
                return
            except DatabaseError:
                if delay is None:
                    # The checkpoint stands; recovery will close the row.
                    logger.exception("Generation %s could not be stored", self.generation.pk)
                    return
                await asyncio.sleep(delay)
            else:
                return
