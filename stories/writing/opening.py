"""Opening generations: the row of each, with a slot or a place in line.

Thirty writers may click at once. So all that were asked for while the last ones were being opened
are opened together, in one transaction: one by one in the one database thread, the last of thirty
waits three times as long for the first word (490 ms for 160, medians of twelve runs in turn on two
busy cores).
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import IntegrityError, transaction
from django.utils.translation import get_language, gettext, override

from prose import cleaning, prompts
from stories.errors import Refused
from stories.history.versions import MAX_TEXT_LENGTH, StoryBusyError
from stories.models import Generation, Story, User, model_in_service
from stories.writing.background import OnDemand, PerLoop
from stories.writing.line import Door
from stories.writing.rates import count_generation

_MOST_AT_ONCE = 50
# Room that a story has to have to be continued, in code points: a sentence.
_LEAST_ROOM = 200


# ---- One ----


def open_generation(
    story: int, user: User | AnonymousUser, kind: Generation.Kind, wish: str = ""
) -> Generation:
    """Store and return a generation of the caller, running or queued, for a story of `user`'s.

    `wish` is what should happen next in a story that is gone on from. Raises `Story.DoesNotExist`
    when `user` can't see it, `StoryBusyError` if one is active already, and other `Refused`, such
    as that the line is full.
    """
    with held_story(story, user) as held:
        generation = new_generation(held, kind, model_in_service(), **_wished(held, wish))
        store(generation)
    return generation


@contextmanager
def held_story(story: int, user: User | AnonymousUser) -> Iterator[Story]:
    """Hold a story of `user`'s for a transaction in which a generation of it is stored.

    Raises `Story.DoesNotExist` when `user` can't see it, `StoryBusyError` at the end if one is
    active already.
    """
    visible = Story.objects.visible_to(user).select_related("settings")
    try:
        with transaction.atomic():
            yield visible.select_for_update(of=("self",)).get(pk=story)
    except IntegrityError as error:
        # The constraint: one active generation a story.
        raise StoryBusyError from error


def new_generation(story: Story, kind: Generation.Kind, model: str, **more: Any) -> Generation:
    """Return an unsaved generation of the caller; `more` are fields of the row.

    It is asked of `model` and with a seed of its own, unless the writer has chosen others. Raises
    `Refused` when there is no text to go on from, or no room for more.
    """
    if kind == Generation.Kind.CONTINUE:
        _check_continuable(story.text)
    return Generation(
        story=story,
        settings=story.settings,
        kind=kind,
        runner=secrets.token_hex(8),
        base_version=story.version,
        model=story.writer or model,
        seed=secrets.randbits(31) if story.seed is None else story.seed,
        options={} if story.temperature is None else {"temperature": story.temperature},
        words_at_once=story.words_at_once,
        **{"prompt": story.settings.prompt, **more},
    )


def checked_wish(wish: str) -> str:
    """Return what the writer asks for, in one line. Raises `Refused` when it is too long."""
    longest = prompts.MAX_INSTRUCTION_LENGTH
    if len(wish) > longest:
        sentence = gettext("An instruction may have %(most)s characters at most.")
        raise Refused("bad_wish", sentence % {"most": longest}, 400)
    return " ".join(cleaning.clean_text(wish).split())


def _wished(story: Story, wish: str) -> dict[str, str]:
    """Return the fields of a row that is asked for with a `wish`."""
    wish = checked_wish(wish)
    return {"instruction": wish, "prompt": prompts.with_next(story.settings.prompt, wish)}


def _check_continuable(text: str) -> None:
    if not text.strip():
        sentence = gettext("There is no story to continue yet. Write one first.")
        raise Refused("nothing_to_continue", sentence)
    if len(text) > MAX_TEXT_LENGTH - _LEAST_ROOM:
        # Before it begins: what a model has written is never thrown away.
        sentence = gettext(
            "The story has %(length)s characters and at most %(most)s can be kept: there is no "
            "room to go on."
        )
        numbers = {"length": intcomma(len(text)), "most": intcomma(MAX_TEXT_LENGTH)}
        raise Refused("too_long", sentence % numbers, 400)


def store(generation: Generation) -> None:
    """Store a new generation with a slot or a place in line; `Refused` if there is none."""
    Door().enter(generation)
    generation.save(force_insert=True)


# ---- All that are asked for at this moment ----


class _Wanted(NamedTuple):
    story: int
    user: User | AnonymousUser
    kind: Generation.Kind
    wish: str
    language: str | None  # of what is told


_Opened = Generation | Exception


class _Opener:
    """What one event loop wants opened, and the task that opens it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[_Wanted, asyncio.Future[Generation]]] = []
        self.opening = OnDemand(self.work)

    async def open(self, wanted: _Wanted) -> Generation:
        opened: asyncio.Future[Generation] = asyncio.get_running_loop().create_future()
        self.waiting.append((wanted, opened))
        self.opening.start()
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


_openers = PerLoop(_Opener)


async def open_soon(
    story: int, user: User | AnonymousUser, kind: Generation.Kind, wish: str = ""
) -> Generation:
    """Do what `open_generation` does, together with what others ask for at this moment.

    Raises the same errors, and `Refused` for a writer who asks too often.
    """
    return await _openers.here().open(_Wanted(story, user, kind, wish, get_language()))


def _open(wanted: list[_Wanted]) -> list[_Opened]:
    refusals = [_refusal(each) for each in wanted]
    allowed = [each for each, refusal in zip(wanted, refusals, strict=True) if not refusal]
    opened = iter(_open_allowed(allowed))
    return [refusal or next(opened) for refusal in refusals]


def _refusal(wanted: _Wanted) -> Refused | None:
    try:
        with override(wanted.language):
            count_generation(wanted.user.pk or 0)
    except Refused as error:
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
        with override(wanted.language):
            return open_generation(wanted.story, wanted.user, wanted.kind, wanted.wish)
    except (Story.DoesNotExist, Refused) as error:
        return error


def _open_at_once(wanted: list[_Wanted]) -> list[_Opened]:
    """Open all of `wanted` with two queries and an insert; `IntegrityError` if one can't be."""
    with transaction.atomic():
        pairs = [(each.story, each.user) for each in wanted]
        visible = Story.objects.visible_to_each(pairs).select_related("settings")
        stories = {story.pk: story for story in visible.select_for_update(of=("self",))}
        model, door = model_in_service(), Door()
        opened = [_unsaved(stories.get(each.story), each, model, door) for each in wanted]
        Generation.objects.bulk_create([row for row in opened if isinstance(row, Generation)])
    return opened


def _unsaved(story: Story | None, wanted: _Wanted, model: str, door: Door) -> _Opened:
    if story is None:
        return Story.DoesNotExist()
    try:
        with override(wanted.language):
            generation = new_generation(story, wanted.kind, model, **_wished(story, wanted.wish))
            door.enter(generation)
    except Refused as error:
        return error
    return generation
