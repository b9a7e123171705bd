"""System checks: a faulty installation is refused at start, in a sentence that tells what to do."""

import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured

import tracing
from storaiteller_site.privacy import is_open

logger = logging.getLogger(__name__)
_MIN_KEY_LENGTH = 40
_PLACEHOLDERS = ("changeme", "change-me", "insecure", "placeholder", "secret-key", "your-")


@register()
def check_secret_key(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a secret key that somebody else could know."""
    key = settings.SECRET_KEY.lower()
    if len(key) >= _MIN_KEY_LENGTH and not any(word in key for word in _PLACEHOLDERS):
        return []
    return [
        Error(
            "SECRET_KEY is a placeholder or too short.",
            hint="Leave SECRET_KEY unset to have one made, or set 50 random characters.",
            id="storaiteller.E001",
        )
    ]


@register()
def check_data_dir(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a data folder that can't be written."""
    folder = Path(settings.DATA_DIR)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data folder {folder} is missing or can't be written.",
            hint="Create it, or set DATA_DIR to a folder that you may write.",
            id="storaiteller.E002",
        )
    ]


@register()
def check_privacy(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of a data folder that other users of the machine get into, and that can't be closed."""
    folder = Path(settings.DATA_DIR)
    if not is_open(folder):
        return []
    mode = stat.S_IMODE(folder.stat().st_mode)
    inside = ", ".join(sorted(path.name for path in folder.iterdir() if is_open(path)))
    return [
        Warning(
            f"Other users of this machine get into the data folder {folder} (mode {mode:o})"
            + (f", and to what is in it: {inside}." if inside else "."),
            hint="Let its owner say `chmod -R go= FOLDER`, or set DATA_DIR to a folder that is "
            "StorAIteller's own, on a file system that keeps permissions.",
            id="storaiteller.W001",
        )
    ]


@register()
def check_debug(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse debug pages, which show settings and code, on a public address."""
    if not (settings.DEBUG and settings.PUBLIC_ORIGINS):
        return []
    return [
        Error(
            "DEBUG is on, and the site has public origins.",
            hint="Unset DEBUG, or unset PUBLIC_ORIGINS to work on this machine alone.",
            id="storaiteller.E003",
        )
    ]


@register()
def check_tracing(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse traces that are asked for and can't be sent."""
    try:
        tracing.check()
    except tracing.TracingError as error:
        return [Error(str(error), id="storaiteller.E004")]
    return []


def refuse_if_faulty() -> None:
    """Raise `ImproperlyConfigured` with the first error of ours, log warnings of ours.

    A web server runs no checks by itself.
    """
    for check in (check_secret_key, check_data_dir, check_debug, check_tracing):
        for error in check(None):
            raise ImproperlyConfigured(f"{error.msg} {error.hint or ''}".strip())
    for warning in check_privacy(None):
        logger.warning("%s %s", warning.msg, warning.hint)
