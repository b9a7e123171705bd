"""The task that writes: model server to log, checkpoints to the database, until the end or Stop."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import aclosing

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from stories import ollama
from stories.generation import checkpoints, control, limits
from stories.generation.assignments import assignment
from stories.generation.finishing import Outcome, finish
from stories.models import Generation
from stories.textlog import Piece, get_text_log

logger = logging.getLogger(__name__)

FRAME_INTERVAL = 0.06  # seconds: what arrives within it goes out as one piece
_STORE_RETRIES = (0.2, 1.0, 3.0)  # seconds

# The loop holds tasks weakly; these must live until they end.
_tasks: set[asyncio.Task[None]] = set()
_context_lengths: dict[str, int | None] = {}
_CONTROLS = re.compile(r"[\x00\r]")


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
        self.assignment = assignment(generation)
        self.counter = limits.WordCounter()
        self.tokens = 0
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
        generation, asked = self.generation, self.assignment
        context_length = await self._context_length(generation.model)
        for chat, options in asked.attempts(context_length):
            self.outcome.facts |= {**asked.facts, "options": options}
            self.counter = limits.WordCounter()
            await self._receive(ollama.chat(generation.model, chat, options))
            if not asked.is_void("".join(self.parts)):
                return
        if not self.length:
            self.outcome.error_code, self.outcome.error_message = "nothing_written", asked.nothing

    async def _context_length(self, model: str) -> int | None:
        if model not in _context_lengths:
            _context_lengths[model] = await ollama.context_length(model)
        return _context_lengths[model]

    async def _receive(self, chunks: AsyncIterator[ollama.Chunk]) -> None:
        tokens = 0
        async with aclosing(chunks) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                tokens += 1
                # A story has no NULs, which a database can't hold, and line feeds only.
                await self._take(self.assignment.take(_CONTROLS.sub("", chunk.text)))
                if chunk.done:
                    self.outcome.facts |= {
                        "done_reason": chunk.done_reason[:20],
                        "prompt_tokens": chunk.prompt_tokens,
                        "completion_tokens": self._spent(chunk.completion_tokens),
                    }
                elif self.assignment.ended or self.counter.words > self.assignment.limit:
                    # Leaving closes the request, and the model server stops uncounted; it sends
                    # a chunk a token.
                    self.outcome.facts |= {
                        "done_reason": self.assignment.ended or "words",
                        "completion_tokens": self._spent(tokens),
                    }
                    break
        await self._take(self.assignment.rest())

    def _spent(self, tokens: int | None) -> int | None:
        """Return the tokens of this answer and of those before it that were void."""
        if tokens is not None:
            self.tokens += tokens
        return self.tokens or tokens

    async def _take(self, text: str) -> None:
        if not text:
            return
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
        cut_short = self.outcome.status == Generation.Status.DONE and (
            self.outcome.facts.get("done_reason") in limits.CUT_SHORT
            or self.counter.words > self.assignment.limit
        )
        return self.assignment.final("".join(self.parts), cut_short=cut_short)

    async def _store(self) -> None:
        for delay in (*_STORE_RETRIES, None):
            try:
                await database_sync_to_async(finish)(self.generation, self.outcome)
            except DatabaseError:
                if delay is None:
                    # The checkpoint stands; recovery will close the row.
                    logger.exception("Generation %s could not be stored", self.generation.pk)
                    return
                await asyncio.sleep(delay)
            else:
                return
