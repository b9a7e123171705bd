"""Opening generations together: all that were asked for while the last ones were being opened.

Thirty writers may click at once. One by one, their transactions in the one database thread would
let the last of them wait for the first word as long as all others' take.
"""

import asyncio
from typing import NamedTuple
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from stories.history.versions import StoryBusyError
from stories.models import Generation, Story, User, model_in_service
from stories.writing.line import Door, QueueFullError
from stories.writing.rates import TooOftenError, count_generation
from stories.writing.requests import NothingToContinueError, new_generation, open_generation

_MOST_AT_ONCE = 50


class _Wanted(NamedTuple):
    story: int
    user: User | AnonymousUser
    kind: Generation.Kind


_Opened = Generation | Exception


class _Opener:
    """What one event loop wants opened, and the task that opens it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[_Wanted, asyncio.Future[Generation]]] = []
        self.task: asyncio.Task[None] | None = None

    async def open(self, wanted: _Wanted) -> Generation:
        opened: asyncio.Future[Generation] = asyncio.get_running_loop().create_future()
        self.waiting.append((wanted, opened))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.work())
        return await opened

    async def work(self) -> None:
        while batch := self.waiting[:_MOST_AT_ONCE]:
            del self.waiting[: len(batch)]
            try:
                results = await database_sync_to_async(_open)([wanted for wanted, _ in batch])
            except Exception as error:  # it belongs to those who asked
                results = [error] * len(batch)
            for (_, opened), result in zip(batch, results, strict=True):
                if opened.done():
                    continue  # who asked is gone; recovery sees to what was opened
                if isinstance(result, Exception):
                    opened.set_exception(result)
                else:
                    opened.set_result(result)


_openers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Opener] = WeakKeyDictionary()


async def open_soon(story: int, user: User | AnonymousUser, kind: Generation.Kind) -> Generation:
    """Do what `open_generation` does, together with what others ask for at this moment.

    Raises the same errors, and `TooOftenError`.
    """
    opener = _openers.setdefault(asyncio.get_running_loop(), _Opener())
    return await opener.open(_Wanted(story, user, kind))


def _open(wanted: list[_Wanted]) -> list[_Opened]:
    refusals = [_refusal(each) for each in wanted]
    allowed = [each for each, refusal in zip(wanted, refusals, strict=True) if not refusal]
    opened = iter(_open_allowed(allowed))
    return [refusal or next(opened) for refusal in refusals]


def _refusal(wanted: _Wanted) -> TooOftenError | None:
    try:
        count_generation(wanted.user.pk or 0)
    except TooOftenError as error:
        return error
    return None


def _open_allowed(wanted: list[_Wanted]) -> list[_Opened]:
    if len(wanted) > 1:
        try:
            return _open_at_once(wanted)
        except IntegrityError:
            pass  # one of them has an active generation in the way; each finds out for itself
    return [_open_one(each) for each in wanted]


def _open_one(wanted: _Wanted) -> _Opened:
    try:
        return open_generation(wanted.story, wanted.user, wanted.kind)
    except (Story.DoesNotExist, StoryBusyError, NothingToContinueError, QueueFullError) as error:
        return error


def _open_at_once(wanted: list[_Wanted]) -> list[_Opened]:
    """Open all of `wanted` with two queries and an insert; `IntegrityError` if one can't be."""
    with transaction.atomic():
        pairs = [(each.story, each.user) for each in wanted]
        visible = Story.objects.visible_to_each(pairs).select_related("settings")
        stories = {story.pk: story for story in visible.select_for_update(of=("self",))}
        model, door = model_in_service(), Door()
        opened = [_unsaved(stories.get(each.story), each.kind, model, door) for each in wanted]
        Generation.objects.bulk_create([row for row in opened if isinstance(row, Generation)])
    return opened


def _unsaved(story: Story | None, kind: Generation.Kind, model: str, door: Door) -> _Opened:
    if story is None:
        return Story.DoesNotExist()
    try:
        generation = new_generation(story, kind, model)
        door.enter(generation)
    except (NothingToContinueError, QueueFullError) as error:
        return error
    return generation
