"""The queue in front of the model server: whose turn it is, over all writers and processes.

The model server writes `GENERATION_SLOTS` stories at a time, and one of each writer's. Who comes
when all are taken gets a place in line, and a slot that becomes free goes round: to the writer who
has been waiting longest, since they asked or since their last one ended, and among a writer's own
to the one asked for first. So who asks for five delays nobody who asks for one.

A slot is a row that is `running` and whose process gives signs of life, and a place is one that is
`queued`: there is no counter that could go wrong. Whoever hands out slots or places holds the
queue, one transaction at a time, and then waits for no row: it can't be part of a deadlock.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stories.errors import Refused
from stories.models import Generation
from stories.writing.recovery import ABANDONED_AFTER, is_still

# PostgreSQL's number of the lock; any that nothing else in the database uses.
_LOCK = 5_570_193_308_531_903_609
# A process that freezes while it holds the queue must not stop all others.
_LONGEST_HOLD = "10s"
# Part of the places that one writer may take.
_LARGEST_SHARE = 4

_Status = Generation.Status
_NEVER = datetime.min.replace(tzinfo=UTC)


class QueueFullError(Refused):
    """There is no place left to wait in."""

    def __init__(self, sentence: str) -> None:
        super().__init__("queue_full", sentence, 503)


class Place(NamedTuple):
    """Where a generation stands: how many are served up to and with it."""

    position: int
    # Another one of the same writer's is being written, and has to end first.
    after_own: bool


AT_ONCE = Place(0, after_own=False)


class _Row(NamedTuple):
    """What the queue has to know of an active generation."""

    pk: int
    status: str
    runner: str
    writer: int
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime

    def is_silent(self, now: datetime) -> bool:
        """Whether its process is taken for dead, at the second look."""
        age = abs(now - self.heartbeat_at)  # a sign from the future is none
        return age > timedelta(seconds=ABANDONED_AFTER) and is_still(self)


class _Line:
    """The active generations at one moment, in the order in which they are served."""

    def __init__(self, rows: list[_Row]) -> None:
        now = timezone.now()
        running = [row for row in rows if row.status == _Status.RUNNING and not row.is_silent(now)]
        self.writing = {row.writer: row.started_at or row.created_at for row in running}
        self.free = settings.GENERATION_SLOTS - len(running)
        self.waiting = self._in_order([row for row in rows if row.status == _Status.QUEUED])

    def _in_order(self, waiting: list[_Row]) -> list[_Row]:
        """Return `waiting`, which comes as it was asked for, round by round.

        A round serves every writer once. Who is being served has had their turn in this one, and
        so comes first in the next.
        """
        ended = _ended(waiting)
        rounds = Counter(dict.fromkeys(self.writing, 1))
        since: dict[int, datetime] = {}
        turns = []
        for row in waiting:
            begun = self.writing.get(row.writer)
            asked = max(row.created_at, ended.get(row.writer, _NEVER))
            wait = since.setdefault(row.writer, begun or asked)
            turns.append(((rounds[row.writer], begun is None, wait, row.pk), row))
            rounds[row.writer] += 1
        return [row for _, row in sorted(turns)]

    @property
    def heads(self) -> list[_Row]:
        """Those who could be served now: the first of each writer of whom nothing is written."""
        first = {row.writer: row for row in reversed(self.waiting)}
        return [row for row in self.waiting if first[row.writer] is row and self._is_idle(row)]

    def _is_idle(self, row: _Row) -> bool:
        return row.writer not in self.writing

    @property
    def next(self) -> list[_Row]:
        """Those to whom the free slots go."""
        return self.heads[: max(0, self.free)]

    @property
    def places(self) -> dict[int, Place]:
        """The place of each that waits, by its number."""
        return {
            row.pk: Place(position, not self._is_idle(row))
            for position, row in enumerate(self.waiting, start=1)
        }


def _ended(waiting: list[_Row]) -> dict[int, datetime]:
    """Return when the last one ended of each writer who had one since the first one waits."""
    if not waiting:
        return {}
    served = Generation.objects.filter(
        finished_at__gt=min(row.created_at for row in waiting),
        started_at__isnull=False,
        story__owner__in={row.writer for row in waiting},
    )
    pairs = served.order_by().values_list("story__owner").annotate(Max("finished_at"))
    return {writer: ended for writer, ended in pairs if ended is not None}


def _rows() -> list[_Row]:
    found = Generation.objects.active().order_by("pk")
    fields = ("pk", "status", "runner", "story__owner_id", "created_at", "started_at")
    return [_Row(*row) for row in found.values_list(*fields, "heartbeat_at")]


def hold() -> None:
    """Hold the queue to the end of the transaction. SQLite has one writing transaction anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true),"
                " pg_advisory_xact_lock(%s)",
                [_LONGEST_HOLD, _LOCK],
            )


class Door:
    """The way in, for the rest of the transaction: nobody else comes in or is served meanwhile.

    Rows of stories may be locked before it, rows of generations may not.
    """

    def __init__(self) -> None:
        hold()
        line = _Line(_rows())
        self._free = line.free - len(line.heads)
        self._places = Counter(row.writer for row in line.waiting)
        self._engaged = {*line.writing, *self._places}

    def enter(self, generation: Generation) -> None:
        """Give `generation`, which is not stored yet, a slot or a place in line.

        Raises `QueueFullError`.
        """
        writer = generation.story.owner_id
        if self._free > 0 and writer not in self._engaged:
            self._free -= 1
            generation.status, generation.started_at = _Status.RUNNING, timezone.now()
        else:
            self._check_room(writer)
            self._places[writer] += 1
            generation.status, generation.started_at = _Status.QUEUED, None
        self._engaged.add(writer)

    def _check_room(self, writer: int) -> None:
        if not settings.QUEUE_LIMIT:
            raise QueueFullError(
                _("There is no line to wait in here. Try again when there is room.")
            )
        if self._places.total() >= settings.QUEUE_LIMIT:
            raise QueueFullError(
                _(
                    "So many stories wait for their turn that there is no place left in line. "
                    "Nothing is lost: try again in a minute."
                )
            )
        if self._places[writer] >= max(1, settings.QUEUE_LIMIT // _LARGEST_SHARE):
            sentence = ngettext(
                "%(count)s of your stories waits for its turn already. Try again when it has "
                "begun.",
                "%(count)s of your stories wait for their turn already. Try again when one of "
                "them has begun.",
                self._places[writer],
            )
            raise QueueFullError(sentence % {"count": self._places[writer]})


class Standing(NamedTuple):
    """How the queue stands, and what that means for a process."""

    places: dict[int, Place]
    turns: set[int]  # of its own: to be written now
    gone: set[int]  # of its own: stopped, removed, or another process's by now
    adopted: list[Generation]  # its own from now on
    moved: bool  # whether others have to know


def advance(own: Mapping[int, str]) -> Standing:
    """Hand out the free slots; `own` are the waiting ones of this process and their runners.

    They are kept alive by this. What waits in a process that died becomes this one's own, in its
    place.
    """
    with transaction.atomic():
        hold()
        # What another transaction has in hand is left alone, and not waited for.
        unstarted = Generation.objects.unstarted().order_by().select_for_update(skip_locked=True)
        held = set(unstarted.values_list("pk", flat=True))
        rows = {row.pk: row for row in _rows()}
        mine = {number for number in own.keys() & rows if rows[number].runner == own[number]}
        now = timezone.now()
        _change(rows, mine & held, heartbeat_at=now)
        lost = {number for number in held - mine if rows[number].is_silent(now)}
        _change(rows, lost, status=_Status.QUEUED, heartbeat_at=now)
        adopted = [_adopt(number) for number in sorted(lost)]
        served = {row.pk for row in _Line([*rows.values()]).next} & held
        _change(rows, served, status=_Status.RUNNING, heartbeat_at=now)
        running = {row.pk for row in rows.values() if row.status == _Status.RUNNING}
        _change(rows, (mine | lost) & running & held, started_at=now)
        # Or before: a process may not have heard of the end of its own transaction.
        begun = {number for number in (mine | lost) & running if rows[number].started_at}
    return Standing(
        places=_Line([*rows.values()]).places,
        turns=begun,
        gone=own.keys() - mine,
        adopted=adopted,
        moved=bool(served or adopted),
    )


def _change(rows: dict[int, _Row], numbers: Collection[int], **fields: Any) -> None:
    """Change `fields` of unstarted ones, in the database and in `rows`."""
    if numbers:
        Generation.objects.unstarted().filter(pk__in=numbers).update(**fields)
    rows |= {number: rows[number]._replace(**fields) for number in numbers}


def _adopt(number: int) -> Generation:
    """Make a generation that waits without a process this one's."""
    Generation.objects.filter(pk=number).update(runner=secrets.token_hex(8))
    return Generation.objects.select_related("settings", "story").get(pk=number)


def place_of(number: int) -> Place | None:
    """Return the place of the generation, or None if it doesn't wait."""
    return _Line(_rows()).places.get(number)
