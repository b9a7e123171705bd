"""The task that writes: model server to log, checkpoints to the database, until the end or Stop."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.utils import timezone

import modelserver
import tracing
from prose import said, words
from stories.models import Generation, Story
from stories.writing import checkpoints, hub, recovery
from stories.writing.answering import Received
from stories.writing.assignments import Assignment
from stories.writing.background import LONG, hold, reading, reading_in_turn, telling
from stories.writing.figures import spans
from stories.writing.finishing import Outcome, finish, reclaim
from stories.writing.servers.choosing import write_somewhere
from stories.writing.servers.health import server_of
from stories.writing.textlog import Piece, get_text_log
from stories.writing.waiting import tell_what_is_waited_for

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds of the beat on which answers are read: what arrives within it goes out as one piece.
FRAME_INTERVAL = 0.1
# Between two tries to store the end: a full disk or a dead database costs no word while the process
# lives. Shorter than recovery takes to be sure that the process is dead.
_STORE_RETRY = 1.0  # seconds
# What ends by itself or by an operator's hand; anything else is tried this many times more.
_AWAY = (InterfaceError, OperationalError)
_REFUSALS = 60

# Characters after which a text counts as one word more, whatever it is made of: longer than a
# language's words are in the mean. Signs that are no words could go on for ever.
_CHARACTERS_A_WORD = 24
# Models that were heard to think, whatever their server says of them.
_thinkers: set[tuple[modelserver.Server, str]] = set()
# The code of an error that the writer's own choice mends.
CHOSEN_MISSING = "chosen_model_missing"
_BROKEN = said("Something went wrong while the story was being written.")
# Seconds that the writing waits for a log that does not take the text; the database has it.
_PATIENCE = 5.0


async def launch(assignment: Assignment) -> None:
    """Let the running loop write what this process has a slot for."""
    run, generation = _Run(assignment), assignment.generation
    recovery.alive.add(generation.runner)
    await _try(get_text_log().begin(generation.pk), generation)
    # Stoppable before anybody can know the number: no stop is lost.
    await _try(hub.obey(generation.pk, run.stop), generation)
    writing = hold(run.run())
    writing.add_done_callback(lambda _: recovery.alive.discard(generation.runner))


async def _try(quicker: Awaitable[None], generation: Generation) -> None:
    """Wait for what only makes things quicker, the log or the word of a stop.

    The database has it all, and must not wait for Redis.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            await quicker
    except Exception as error:
        logger.warning("Generation %s goes on without log or word: %r", generation.pk, error)


class _Run:
    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.generation = assignment, assignment.generation
        self.chosen = self.generation.story.writer  # an assignment has read the story
        self.writing: asyncio.Task[None] | None = None
        self.stopped = False
        self.span = tracing.NOTHING
        self.log = get_text_log()
        self.counter = words.Counter()
        self.tokens = 0
        self.parts: list[str] = []
        self.length = 0  # code points of all parts
        self.logged = 0  # code points of those in the log
        self.pending: list[str] = []
        self.flush_now = asyncio.Event()
        self.over = False
        self.chat = tracing.NOTHING  # the span of the answer that comes in
        self.outcome = Outcome(Generation.Status.DONE, "")

    async def run(self) -> None:
        """Write to the end, whatever the end is, and store it."""
        about = spans.of_generation(self.generation)
        with tracing.span("generation", attributes=about) as self.span:
            await self._run()
            spans.tell_end(self.span, self.outcome)

    async def _run(self) -> None:
        self.writing = asyncio.create_task(self._write())
        if self.stopped:
            self.writing.cancel()
        checkpoints.keep(
            self.generation, lambda: "".join(self.parts), self.stop, self._tell_unstored
        )
        flushing = asyncio.create_task(self._flush_to_the_end())
        waiting = tell_what_is_waited_for(self.generation, lambda: not (self.length or self.over))
        try:
            await self.writing
        except asyncio.CancelledError:
            self.outcome.status = Generation.Status.STOPPED
        except modelserver.ModelServerError as error:
            logger.warning("Generation %s: %s %s", self.generation.pk, error, error.hint)
            self._fail(*self._told(error))
        except Exception:
            logger.exception("Generation %s failed", self.generation.pk)
            self._fail("internal", _BROKEN)
        finally:
            checkpoints.drop(self.generation)
            hub.ignore(self.generation.pk)
            self.over = True
            waiting.cancel()
            self.flush_now.set()
        await _try(flushing, self.generation)
        self.outcome.text = "".join(self.parts)
        await self._conclude()
        try:
            with tracing.span("store"):
                await telling(self._store(), checkpoints.TOLD_AFTER, self._tell_unstored)
        finally:
            await _try(self.log.finish(self.generation.pk), self.generation)
        await hub.hint_moved()  # there is a free slot

    def stop(self) -> None:
        """End the writing, and with it the request to the model server."""
        self.stopped = True
        self.span.event("stop")
        self.span.link()
        if self.writing is not None:
            self.writing.cancel()

    async def _conclude(self) -> None:
        try:
            # A check for children takes long, of however short a text.
            length = self.assignment.length + self.length
            beside = LONG if self.generation.settings.child_friendly else length
            await reading_in_turn(beside, lambda: self.assignment.conclude(self.outcome))
        except Exception:
            # What was written is kept, whatever can't be made of it.
            logger.exception("Generation %s can't be concluded", self.generation.pk)
            self._fail("internal", _BROKEN)

    def _tell_unstored(self) -> None:
        message = {"type": "generation.unstored", "generation": self.generation.pk}
        hold(hub.tell(self.generation.story_id, message))

    def _told(self, error: modelserver.ModelServerError) -> tuple[str, str]:
        """Return the code of `error`, and what the writer is told of it."""
        model = self.generation.model
        if isinstance(error, modelserver.ModelMissingError) and model == self.chosen:
            return CHOSEN_MISSING, said(
                "The model %(model)s, which you chose for this story, is not on the model server "
                "any more. Choose another one, or go back to the default.",
                model=model,
            )
        if isinstance(error, modelserver.ModelMissingError) and model != settings.STORY_MODEL:
            return error.code, said(
                "The tuned model %(model)s, which is in service, is not on the model server any "
                "more. An administrator can roll back to the one before it, on the page Teach.",
                model=model,
            )
        return error.code, str(error)

    def _fail(self, code: str, message: str) -> None:
        self.outcome.status = Generation.Status.FAILED
        self.outcome.error_code, self.outcome.error_message = code, message

    async def _reading(self, function: Callable[[], T]) -> T:
        """Return what `function` makes of the story and what was written of it."""
        return await reading(self.assignment.length + self.length, function)

    # ---- Text in ----

    async def _write(self) -> None:
        await write_somewhere(self.generation, self._write_there, lambda: bool(self.length))

    async def _write_there(self) -> None:
        try:
            await self._ask()
        except modelserver.PromptTooLongError as error:
            # The server has counted, and what is sent now is measured by that: a rewrite is shown
            # less of the story.
            if error.tokens is None or self.length:
                raise
            await self._ask()

    async def _ask(self) -> None:
        asked = self.assignment
        server, model = server_of(self.generation), self.generation.model
        able = await modelserver.abilities(server, model)
        await asked.prepare(able)
        attempts = asked.attempts(able.context_length)
        while attempt := await self._reading(lambda: next(attempts, None)):
            chat, options, facts = attempt
            most = options["num_predict"]
            if able.thinks or (server, model) in _thinkers:
                options = {**options, "num_predict": options["num_predict"] + modelserver.THOUGHTS}
            self.outcome.facts |= {**facts, "options": options}
            self.counter = words.Counter()
            before = self.tokens
            with tracing.span("chat", "client", spans.of_chat(server, model)) as self.chat:
                try:
                    answer = modelserver.chat(server, model, chat, options, able, FRAME_INTERVAL)
                    await self._receive(answer, most)
                except modelserver.ModelServerError:
                    if not asked.has_said:
                        raise
                    return
                self.chat.set(spans.of_answer(self.outcome.facts, self.tokens - before))
            if not await self._reading(asked.falls_short):
                return
        if not self.length:
            self.outcome.error_code, self.outcome.error_message = "nothing_written", asked.nothing

    async def _receive(self, chunks: AsyncIterator[modelserver.Chunk], most: int) -> None:
        """Take in an answer of `most` tokens at most, and its thoughts."""
        got = Received(most, self.length, self.assignment.answer.restarts)
        async with aclosing(chunks) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                if reason := await self._take_in(chunk, got):
                    # Leaving closes the request, and the model server stops uncounted; it sends
                    # a piece a token.
                    self.outcome.facts |= {
                        "done_reason": reason,
                        "completion_tokens": self._spent(got.pieces),
                    }
                    break
        self._take(await self.assignment.rest())

    async def _take_in(self, chunk: modelserver.Chunk, got: Received) -> str:
        """Take in what came; return why no more is taken in, empty while more is."""
        if chunk.parts and not self._is_far_from_end(chunk, got):
            for piece in chunk.apart():
                if reason := await self._take_in(piece, got):
                    return reason
            return ""
        answer = self.assignment.answer
        got.pieces += len(chunk.parts) or 1
        self._take(await self.assignment.take(chunk.text))
        if chunk.thinks or answer.thinking:
            got.thoughts += 1
            self._think(got.thoughts)
        if answer.restarts != got.restarts:
            # All that came was a thought: the story begins now.
            got.restarts, got.thoughts = answer.restarts, got.pieces
            got.before, self.counter = self.length, words.Counter()
        if not chunk.done:
            return self._enough(self.length - got.before, got.pieces_left)
        self.outcome.facts |= {
            "done_reason": chunk.done_reason[:20],
            "prompt_tokens": chunk.prompt_tokens,
            "completion_tokens": self._spent(chunk.completion_tokens),
        }
        return ""

    def _is_far_from_end(self, chunk: modelserver.Chunk, got: Received) -> bool:
        """Tell whether `chunk` can be taken in at once: its pieces would come to the same, in turn.

        No thought begins or ends in it, and no limit is reached: what is taken in is shown.
        """
        limit, more = self.assignment.limit, len(chunk.text)
        return (
            len(chunk.parts) < got.pieces_left
            and self.length - got.before + more <= limit * _CHARACTERS_A_WORD
            and not self.counter.exceeds(limit - more)  # no word is shorter than a character
            and self.assignment.passes(chunk.text)
        )

    def _think(self, thoughts: int) -> None:
        """The model thinks, which is told once; its next answers have the room for it."""
        if thoughts == 1:
            _thinkers.add((server_of(self.generation), self.generation.model))
            message = {"type": "generation.thinking", "generation": self.generation.pk}
            hold(hub.tell(self.generation.story_id, message))

    def _enough(self, characters: int, pieces_left: int) -> str:
        """Return why no more of the answer is taken in; empty while more is."""
        limit = self.assignment.limit
        if self.assignment.ended:
            return self.assignment.ended
        if self.counter.exceeds(limit) or characters > limit * _CHARACTERS_A_WORD:
            return "words"
        return "" if pieces_left > 0 else "length"

    def _spent(self, tokens: int | None) -> int | None:
        """Return the tokens of this answer and of those before it that were void."""
        if tokens is not None:
            self.tokens += tokens
        return self.tokens or tokens

    def _take(self, text: str) -> None:
        if not text:
            return
        if not self.length:
            self.outcome.facts["first_token_at"] = timezone.now()
            self.chat.event("first word")
        self.flush_now.set()
        self.parts.append(text)
        self.pending.append(text)
        self.length += len(text)
        self.counter.add(text)

    # ---- Text out ----

    async def _flush_to_the_end(self) -> None:
        """Log what arrives, as it does: the model server's answer is read on a beat.

        The only writer of the log, and never cancelled: an entry cut off would leave a gap.
        """
        while True:
            await self.flush_now.wait()
            self.flush_now.clear()
            last = self.over  # what still comes during the flush has its own
            await self._flush()
            if last:
                return

    async def _flush(self) -> None:
        taken = len(self.pending)
        text = "".join(self.pending)
        if not text:
            return
        try:
            await self.log.append(self.generation.pk, Piece(self.logged, text))
        except Exception as error:
            # It stays pending; the sockets meanwhile follow the checkpoints.
            logger.warning("Generation %s is not logged: %s", self.generation.pk, error)
            asyncio.get_running_loop().call_later(FRAME_INTERVAL, self.flush_now.set)
            return
        del self.pending[:taken]
        self.logged += len(text)

    # ---- The end ----

    async def _store(self) -> None:
        refusals = 0
        for attempt in itertools.count():
            try:
                if await database_sync_to_async(finish)(self.generation, self.outcome):
                    return
                if not await self._reclaim():
                    return
            except Story.DoesNotExist:
                # Deleted for good meanwhile: nothing of it may stay.
                await sync_to_async(self.log.forget)([self.generation.pk])
                return
            except DatabaseError as error:
                if not attempt:
                    logger.error("Generation %s is not stored yet: %s", self.generation.pk, error)  # noqa: TRY400
                refusals += not isinstance(error, _AWAY)
                if refusals > _REFUSALS:
                    # The database is there and refuses it. The checkpoint stands; recovery closes
                    # the row.
                    logger.exception("Generation %s can't be stored", self.generation.pk)
                    return
                await asyncio.sleep(_STORE_RETRY)

    async def _reclaim(self) -> bool:
        """Take the row back from recovery; False if there is nothing to be finished any more."""
        while True:
            try:
                return await database_sync_to_async(reclaim)(self.generation, self.outcome)
            except IntegrityError:
                # Another one of the story is active. This one's text comes beside what it makes.
                await asyncio.sleep(_STORE_RETRY)
