"""A library to measure on: `python -m tests.support.seats COUNT WORDS` fills the environment's.

It runs as a process of its own, since Django can be set up only once in one.
"""

import json
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass

# The cookies of an installation without TLS.
SESSION, CSRF = "storaiteller_session", "storaiteller_csrf"


@dataclass(frozen=True)
class Seat:
    """A signed-in user with an empty story."""

    session_key: str
    story_id: int


def session_cookie(seat: Seat) -> str:
    """Return the `Cookie` header of the seat's user, on an installation without TLS."""
    return f"{SESSION}={seat.session_key}"


def take_seats(environment: dict[str, str], count: int, max_words: int = 300) -> list[Seat]:
    """Migrate the library that `environment` names and return `count` new seats in it."""
    command = [sys.executable, "-m", "tests.support.seats", str(count), str(max_words)]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [Seat(**seat) for seat in json.loads(output.stdout)]


def _fill(count: int, max_words: int) -> list[Seat]:
    import django

    django.setup()

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from stories.history import library
    from stories.models import StorySettings, User

    call_command("migrate", verbosity=0)
    seats = []
    for index in range(count):
        user = User.objects.create(username=f"writer-{secrets.token_hex(4)}-{index}")
        settings = StorySettings(
            main_characters="Anna, Ben",
            keywords="lantern, old map",
            genre="Mystery",
            register="Elegant",
            max_words=max_words,
        )
        story = library.create_story(user, settings)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        seats.append(Seat(str(session.session_key), story.pk))
    return seats


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storaiteller_site.settings")
    json.dump([asdict(seat) for seat in _fill(int(sys.argv[1]), int(sys.argv[2]))], sys.stdout)
