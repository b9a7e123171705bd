"""The websocket of a story: commands in, the followed generation's text out.

A socket owns nothing: a generation is a row and a log, written by a task of its own, and a socket
that goes away can come back and attach at any offset.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

import tracing
from modelserver.server import REQUEST_ID, new_request_id
from stories.errors import NOT_STORED, GoneError, Refused
from stories.history.versions import StoryBusyError
from stories.live import close_codes, frames, sessions
from stories.live.flow import StalledError
from stories.live.following import Follower, generation_frame, visible_story
from stories.models import Generation, Story, User
from stories.telling import told
from stories.writing import hub, rewrites
from stories.writing.assignments import Assignment, Rewriting, Writing
from stories.writing.background import reading
from stories.writing.hub import hint_stop, story_group
from stories.writing.line import AT_ONCE, place_of
from stories.writing.opening import open_generation, open_soon
from stories.writing.rates import count_generation
from stories.writing.recovery import recover_abandoned
from stories.writing.rewrite_request import Rewrite
from stories.writing.turns import launch_at_turn

logger = logging.getLogger(__name__)
_TRACED = (frames.WriteFrame, frames.ContinueFrame, frames.RewriteFrame, frames.StopFrame)

T = TypeVar("T")

_NOT_STORED = _(
    "What is written can't be stored at the moment: the disk may be full, or the database away. "
    "It is kept, and stored as soon as possible."
)


class StoryConsumer(AsyncWebsocketConsumer):
    """One socket on one story of the signed-in user."""

    follower: Follower | None = None
    following: asyncio.Task[None] | None = None

    async def __call__(self, *arguments: Any) -> None:
        """Serve the socket to its end; after an exception, `disconnect` is not called."""
        try:
            await super().__call__(*arguments)
        finally:
            self._let_go()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand a message to its handler at once.

        Channels first waits for the database's thread, to close what is old: a slow database would
        hold up every word of the client's. Whatever here uses the database closes what is old.
        """
        handler = getattr(self, get_handler_name(message), None)
        if handler is None:
            raise ValueError(f"No handler for message type {message['type']}")
        await handler(message)

    async def connect(self) -> None:
        """Refuse a story that the user can't see; else tell how its last generation stands."""
        self.language = get_language()
        self.user = cast("User | AnonymousUser", self.scope["user"])
        self.story_id: int = self.scope["url_route"]["kwargs"]["story_id"]
        try:
            self._watch_session()
        except Refused as refused:
            await self.accept()  # one that is refused at once can't be told why
            await self._say({"type": "error", "code": refused.code, "message": str(refused)})
            await self.close(code=close_codes.TOO_MANY)
            return
        # In the group first: what starts from here on is heard of, or is the newest already.
        await hub.join(story_group(self.story_id), self.channel_name)
        try:
            newest = await database_sync_to_async(self._newest)()
        except GoneError:
            await self.close()
            return
        await self.accept()
        if newest is not None:
            await self._say_standing(newest)

    async def disconnect(self, code: int) -> None:
        """Stop following; the writing goes on."""
        self._let_go()
        await hub.leave(story_group(self.story_id), self.channel_name)

    def _watch_session(self) -> None:
        session = self.scope.get("session")
        if session is not None and self.user.pk is not None:
            sessions.watch(self, str(session.session_key), self.user.pk, self._end)

    def _let_go(self) -> None:
        sessions.unwatch(self)
        hub.forget(self.channel_name)
        if self.following is not None:
            self.following.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Carry out a command; what is wrong with it is answered and the socket lives."""
        REQUEST_ID.set(new_request_id())  # what a command begins goes on under its id
        try:
            await self._traced(frames.parse(text_data, bytes_data))
        except Refused as refused:
            await self._say({"type": "error", "code": refused.code, "message": str(refused)})
        except DatabaseError:
            logger.exception("A command on story %s can't be carried out", self.story_id)
            await self._say({"type": "error", "code": "not_begun", "message": NOT_STORED})

    async def _traced(self, frame: frames.ClientFrame) -> None:
        """Carry out a command, within a span of its own if it is no mere sign of life."""
        if not isinstance(frame, _TRACED):
            await self._carry_out(frame)
            return
        name = f"websocket {type(frame).__struct_config__.tag}"
        with tracing.span(name, "server", {"storaiteller.story": self.story_id}) as span:
            try:
                await self._carry_out(frame)
            except Refused as refused:
                span.refuse(refused.code)
                raise

    async def _end(self) -> None:
        """The session has ended, and with it the socket; what is being written goes on."""
        if self.following is not None:
            self.following.cancel()
        with override(self.language):  # whoever looks after the sessions speaks none
            await self._say(
                {
                    "type": "error",
                    "code": "signed_out",
                    "message": str(_("You are signed out. Sign in again to go on.")),
                }
            )
        await self.close(code=close_codes.SIGNED_OUT)

    async def _carry_out(self, frame: frames.ClientFrame) -> None:
        match frame:
            case frames.WriteFrame():
                await self._start(Generation.Kind.WRITE)
            case frames.ContinueFrame():
                await self._start(Generation.Kind.CONTINUE, frame.next)
            case frames.RewriteFrame():
                rewrite = await database_sync_to_async(self._open_rewrite)(frame)
                text = len(rewrite.generation.story.text)
                await self._launch(await reading(text, lambda: Rewriting(rewrite)))
            case frames.StopFrame():
                active = await database_sync_to_async(self._request_stop)(frame.generation)
                if active is not None:
                    await hint_stop(active)
            case frames.AttachFrame():
                generation = await database_sync_to_async(self._visible)(frame.generation)
                await self._follow(generation, frame.offset)
            case frames.AckFrame():
                if self.follower is not None:
                    self.follower.window.acknowledge(frame.offset)

    async def _start(self, kind: Generation.Kind, wish: str = "") -> None:
        try:
            generation = await open_soon(self.story_id, self.user, kind, wish)
        except Story.DoesNotExist as error:
            raise GoneError from error
        except StoryBusyError:
            # Unless the one in the way is a dead process's.
            generation = await database_sync_to_async(self._open)(kind, wish)
        base = generation.story.text if kind == Generation.Kind.CONTINUE else ""
        await self._launch(await reading(len(base), lambda: Writing(generation)))

    async def _launch(self, assignment: Assignment) -> None:
        await launch_at_turn(assignment)
        generation = assignment.generation
        await self._announce(generation)
        started = {
            "type": "generation.started",
            "generation": generation.pk,
            "sender": self.channel_name,
        }
        await hub.tell(self.story_id, hub.traced(started))

    async def generation_started(self, event: dict[str, Any]) -> None:
        """Follow what another tab of the same story started."""
        if event["sender"] == self.channel_name:
            return
        with tracing.going_on(hub.trace_of(event)), tracing.span("tell another tab", "consumer"):
            try:
                generation = await database_sync_to_async(self._visible)(event["generation"])
            except GoneError:
                return
            await self._announce(generation)

    async def generation_unstored(self, event: dict[str, Any]) -> None:
        """Tell that what is written is kept, and can't be stored at the moment."""
        await self._say(
            {
                "type": "error",
                "code": frames.NOT_STORED,
                "message": str(_NOT_STORED),
                "generation": event["generation"],
            }
        )

    async def generation_waiting(self, event: dict[str, Any]) -> None:
        """Tell what the first word is waited for."""
        number, loaded = event["generation"], event["loaded"]
        await self._say({"type": "waiting", "generation": number, "loaded": loaded})

    async def generation_thinking(self, event: dict[str, Any]) -> None:
        """Tell that the model thinks before it writes."""
        await self._say({"type": "thinking", "generation": event["generation"]})

    async def generation_reading(self, event: dict[str, Any]) -> None:
        """Tell which part of a long story is read, before it is gone on from."""
        number, part, parts = event["generation"], event["part"], event["of"]
        await self._say({"type": "reading", "generation": number, "part": part, "of": parts})

    async def story_changed(self, event: dict[str, Any]) -> None:
        """Tell what another tab may have to show; the page asks for it, and knows its own."""
        await self._say({"type": "story", "version": event["version"], "about": event["about"]})

    async def _announce(self, generation: Generation) -> None:
        await self._say_standing(generation)
        await self._follow(generation, 0)

    async def _say_standing(self, generation: Generation) -> None:
        place = None
        if generation.status == Generation.Status.QUEUED:
            place = await database_sync_to_async(place_of)(generation.pk)
        await self._say(generation_frame(generation, place or AT_ONCE))

    # ---- Following ----

    async def _follow(self, generation: Generation, offset: int) -> None:
        if self.following is not None:
            self.following.cancel()
        self.follower = Follower(self.user, generation, offset, self._say)
        self.following = asyncio.create_task(self._run(self.follower))

    async def _run(self, follower: Follower) -> None:
        try:
            await follower.run()
        except (GoneError, Generation.DoesNotExist, Story.DoesNotExist):
            await self.close()  # the page finds out why when it comes back
        except StalledError:
            await self.close(code=close_codes.STALLED)
        except Exception:
            # The client connects again and attaches where it was.
            logger.exception("Story %s can't be followed", self.story_id)
            await self.close(code=close_codes.FAULT)

    async def _say(self, frame: frames.ServerFrame) -> None:
        if frame["type"] == "error":
            frame = {**frame, "message": told(frame["message"])}
        await self.send(text_data=frames.dump(frame))

    # ---- The database; each of these runs in Django's thread ----

    def _open(self, kind: Generation.Kind, wish: str) -> Generation:
        return self._opened(lambda: open_generation(self.story_id, self.user, kind, wish))

    def _open_rewrite(self, frame: frames.RewriteFrame) -> Rewrite:
        count_generation(self.user.pk or 0)
        selection = rewrites.Selection(frame.start, frame.end, frame.version, frame.selected)
        wish = rewrites.Wish(frame.mode, frame.register, frame.instruction, frame.again)
        return self._opened(
            lambda: rewrites.open_rewrite(self.story_id, self.user, selection, wish)
        )

    def _opened(self, attempt: Callable[[], T]) -> T:
        try:
            return attempt()
        except Story.DoesNotExist as error:
            raise GoneError from error
        except StoryBusyError:
            # The one in the way may be a dead process's.
            if not recover_abandoned(visible_story(self.user, self.story_id)):
                raise
            return attempt()

    def _visible(self, generation: int) -> Generation:
        found = Generation.objects.visible_to(self.user).filter(pk=generation, story=self.story_id)
        newest = found.first()
        if newest is None:
            raise GoneError
        return newest

    def _newest(self) -> Generation | None:
        recover_abandoned(visible_story(self.user, self.story_id))
        return Generation.objects.filter(story=self.story_id).first()

    def _request_stop(self, named: int) -> int | None:
        """Mark the story's active generation as to be stopped; return its number.

        None, and nothing is stopped, when another one was `named`.
        """
        active = Generation.objects.visible_to(self.user).active().filter(story=self.story_id)
        if named:
            active = active.filter(pk=named)
        number = active.values_list("pk", flat=True).first()
        if number is not None:
            Generation.objects.filter(pk=number).request_stop()
        return number
