"""Following a generation for one socket: its places in line, its text from an offset, its end."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db.models import F

from stories.errors import GoneError
from stories.live import frames
from stories.live.flow import Window
from stories.models import Generation, Story, User
from stories.writing.line import AT_ONCE, Place
from stories.writing.recovery import recover_abandoned
from stories.writing.textlog import Piece, get_text_log
from stories.writing.turns import places

# Seconds without text after which a follower looks whether the writing process still lives.
PATIENCE = 2.0
# Seconds between two looks at a row that has no log: after a restart, everybody looks at once.
PAUSE = 0.5


def visible_story(user: User | AnonymousUser, story: int) -> Story:
    """Return the story with its settings; raises `GoneError` if `user` can't see it."""
    found = Story.objects.visible_to(user).select_related("settings").filter(pk=story).first()
    if found is None:
        raise GoneError
    return found


def generation_frame(generation: Generation, place: Place) -> frames.GenerationFrame:
    """Return how `generation` stands, as the client is told it."""
    return {
        "type": "generation",
        "id": generation.pk,
        "kind": generation.kind,
        "status": generation.status,
        "position": place.position,
        "after_own": place.after_own,
        "base_version": generation.base_version,
        "model": generation.model,
        "length": len(generation.text),
        "decision": generation.decision,
    }


class Follower:
    """Tells one client about one generation, through `say`, from `offset` of its text on."""

    def __init__(
        self,
        user: User | AnonymousUser,
        generation: Generation,
        offset: int,
        say: Callable[[frames.ServerFrame], Awaitable[None]],
    ) -> None:
        self._user = user
        # A row of its own: what the writer makes of its one may yet fail to be stored.
        self._generation = copy.copy(generation)
        self._version = -1  # of the story; known once the row was read anew
        self._start = self._offset = offset
        self._sent: list[str] = []
        self._say = say
        self.window = Window(offset)

    async def run(self) -> None:
        """Send places in line and text, to the end; then the outcome.

        Raises `GoneError` and `StalledError`.
        """
        log = get_text_log()
        while True:
            while self._generation.status == Generation.Status.QUEUED:
                await self._wait_in_line()
            known = self._offset
            if self._generation.is_active:
                pieces = log.follow(self._generation.pk, self._offset, PATIENCE)
                async with aclosing(pieces) as following:  # type: ignore[type-var]
                    async for piece in following:
                        await self._send(piece)
                # The log ended, is silent, or was lost with its process or with Redis: the row
                # has the checkpoint, and knows whether there is more to come.
                await database_sync_to_async(self._recover)()
                generation = self._generation
                if generation.is_active and generation.started_at is None:
                    # The process that it waited in may have died as its turn came.
                    await self._tell_places()
            if rest := self._rest_of(self._generation.text):
                await self._send(Piece(self._offset, rest))
            if not self._generation.is_active:
                break
            if self._offset == known:
                await asyncio.sleep(PAUSE)
        await self._send_outcome()

    async def _wait_in_line(self) -> None:
        """Say the places in the queue while there is one, and then that its turn has come."""
        await self._tell_places()
        await database_sync_to_async(self._recover)()
        if self._generation.status == Generation.Status.RUNNING:
            await self._say(generation_frame(self._generation, AT_ONCE))

    async def _tell_places(self) -> None:
        """Say the places in the queue while there is one; look after the queue once at least."""
        async with aclosing(places(self._generation.pk)) as following:  # type: ignore[type-var]
            async for place in following:
                await self._say(generation_frame(self._generation, place))

    def _rest_of(self, text: str) -> str:
        """Return what of the row's `text` the client lacks.

        Nothing if it isn't what was sent that goes on: the end of an answer can change what stands
        before it, and the client reads the version then.
        """
        return text[self._offset :] if text.startswith("".join(self._sent), self._start) else ""

    async def _send(self, piece: Piece) -> None:
        number = self._generation.pk
        async for offset, text in self.window.admit(piece):
            await self._say({"type": "text", "generation": number, "offset": offset, "text": text})
        self._offset = piece.offset + len(piece.text)
        self._sent.append(piece.text)

    async def _send_outcome(self) -> None:
        if self._version < 0:  # it had ended before anybody followed
            await database_sync_to_async(self._recover)()
        generation = self._generation
        if generation.error_code:
            await self._say(
                {
                    "type": "error",
                    "code": generation.error_code,
                    "message": generation.error_message,
                    "generation": generation.pk,
                }
            )
        await self._say(
            {
                "type": "done",
                "generation": generation.pk,
                "version": self._version,
                "status": generation.status,
                "report": generation.report,
            }
        )

    # ---- The database; each of these runs in Django's thread ----

    def _recover(self) -> None:
        """Read the generation anew, closed if it was abandoned. Raises `GoneError`."""
        self._read()
        # Of the most the end is known: nobody looks for a dead process then.
        if self._generation.is_active and recover_abandoned(
            visible_story(self._user, self._generation.story_id)
        ):
            self._read()

    def _read(self) -> None:
        rows = Generation.objects.visible_to(self._user).filter(pk=self._generation.pk)
        row: Any = rows.annotate(story_version=F("story__version")).first()
        if row is None:
            raise GoneError
        self._generation, self._version = row, row.story_version
