"""Sockets end with their sessions: at sign-out, with another password, with a closed account.

A socket is signed in once, when it connects. From then on all sockets of a process are looked
after together, in two queries at an interval: whatever ended a session, and in whichever process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from functools import lru_cache
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import ngettext

from stories.errors import Refused
from stories.models import User
from stories.writing.background import OnDemand, PerLoop

logger = logging.getLogger(__name__)

INTERVAL = 2.0  # seconds


class _Socket(NamedTuple):
    session_key: str
    user: int
    end: Callable[[], Awaitable[object]]


class _Watch:
    """The sockets of one event loop, and the task that looks after them while there are any."""

    def __init__(self) -> None:
        self.sockets: dict[object, _Socket] = {}
        self.looking = OnDemand(self.run)

    async def run(self) -> None:
        while self.sockets:
            await asyncio.sleep(INTERVAL)
            watched = dict(self.sockets)
            keys = {socket.session_key for socket in watched.values()}
            try:
                signed_in = await database_sync_to_async(users_of)(keys)
            except DatabaseError as error:
                logger.warning("Sessions could not be looked up: %s", error)
                continue
            ended = [
                (owner, socket)
                for owner, socket in watched.items()
                if signed_in.get(socket.session_key) != socket.user
            ]
            for owner, _ in ended:
                self.sockets.pop(owner, None)
            await asyncio.gather(*(socket.end() for _, socket in ended), return_exceptions=True)


_watches = PerLoop(_Watch)


def watch(owner: object, session_key: str, user: int, end: Callable[[], Awaitable[object]]) -> None:
    """Await `end()` once the session is not `user`'s any more, until `unwatch(owner)`.

    Raises `Refused` when the user has `SOCKETS_PER_WRITER` in this process already: nobody reads
    more pages, and each has its files and tasks.
    """
    watching = _watches.here()
    most = settings.SOCKETS_PER_WRITER
    if sum(socket.user == user for socket in watching.sockets.values()) >= most:
        sentence = ngettext(
            "You have %(count)s page with a story open. Close it first.",
            "You have %(count)s pages with stories open. Close some of them first.",
            most,
        ) % {"count": most}
        raise Refused("too_many_pages", sentence, 429)
    watching.sockets[owner] = _Socket(session_key, user, end)
    watching.looking.start()


def unwatch(owner: object) -> None:
    """The socket is gone."""
    _watches.here().sockets.pop(owner, None)


def users_of(keys: Collection[str]) -> dict[str, int]:
    """Return, for those of the session keys that are still good, whom they sign in."""
    found = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    signed_in = {
        key: _signed_in(content)
        for key, content in found.values_list("session_key", "session_data")
    }
    users = User.objects.filter(is_active=True).only("password")
    known = users.in_bulk({number for number, _ in signed_in.values()})
    return {
        key: user.pk
        for key, (number, session_hash) in signed_in.items()
        if (user := known.get(number)) and _has_this_password(user, session_hash)
    }


# Looked at every two seconds for each socket, and hardly ever another one.
@lru_cache(maxsize=2_000)
def _signed_in(session_data: str) -> tuple[int, str]:
    """Return whom a session signs in, by number, and the hash of the password; 0 if nobody."""
    content = Session(session_data=session_data).get_decoded()
    return int(content.get(SESSION_KEY, 0)), content.get(HASH_SESSION_KEY, "")


def _has_this_password(user: User, session_hash: str) -> bool:
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(session_hash, known) for known in hashes)
