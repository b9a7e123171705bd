"""An account is deleted with everything in it, and with the traces that it left elsewhere."""

from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from stories.models import Generation, User
from stories.writing.textlog import get_text_log

# What Django's file backend writes after each message.
_AFTER_EACH = "-" * 79 + "\n"


def delete_account(user: User) -> None:
    """Remove `user`, their stories, settings, versions and generations for good.

    Their sessions on all devices, streamed text, mail in files and the admin's notes on them go
    too. A generation under way stops within a second: its row is gone.
    """
    generations = list(Generation.objects.filter(story__owner=user).values_list("pk", flat=True))
    addresses = {
        user.email,
        *EmailAddress.objects.filter(user=user).values_list("email", flat=True),
    }
    with transaction.atomic():
        kind = ContentType.objects.get_for_model(User)
        LogEntry.objects.filter(content_type=kind, object_id=str(user.pk)).delete()
        _delete_sessions(user)
        user.delete()
    get_text_log().forget(generations)
    _delete_mail(addresses - {""})
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            # Old pages would lie in the log until it is written over.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _delete_sessions(user: User) -> None:
    """Delete the user's sessions; whose one is, stands in its signed content only."""
    own = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(pk__in=own).delete()


def _delete_mail(addresses: set[str]) -> None:
    folder = Path(getattr(settings, "EMAIL_FILE_PATH", None) or "")
    if not addresses or not folder.name or not folder.is_dir():
        return
    for path in folder.iterdir():
        # A file may hold messages to several people.
        messages = path.read_text(errors="replace").split(_AFTER_EACH)
        others = [
            message
            for message in messages
            if not any(address.lower() in message.lower() for address in addresses)
        ]
        if not "".join(others).strip():
            path.unlink(missing_ok=True)
        elif len(others) < len(messages):
            path.write_text(_AFTER_EACH.join(others))
