"""Where the mail goes: to its reader, or somewhere on this machine as long as no server is set."""

from enum import StrEnum

from django.conf import settings

_BACKENDS = "django.core.mail.backends"


class MailGoes(StrEnum):
    """Where a mail ends up that was sent."""

    OUT = "out"
    FOLDER = "folder"
    CONSOLE = "console"
    NOWHERE = "nowhere"


_PLACES = {
    f"{_BACKENDS}.filebased.EmailBackend": MailGoes.FOLDER,
    f"{_BACKENDS}.console.EmailBackend": MailGoes.CONSOLE,
    f"{_BACKENDS}.dummy.EmailBackend": MailGoes.NOWHERE,
}


def mail_goes() -> MailGoes:
    """Return where the configured backend brings a mail."""
    return _PLACES.get(settings.EMAIL_BACKEND, MailGoes.OUT)


def mail_folder() -> str:
    """Return the folder that mail is kept in, for who sits at the machine; else the empty string.

    On a public address the machine's paths are nobody's business.
    """
    if mail_goes() != MailGoes.FOLDER or settings.PUBLIC_ORIGINS:
        return ""
    return str(settings.EMAIL_FILE_PATH)
