"""Links to set a new password, handed out by an administrator where no mail reaches a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from stories.errors import Refused
from stories.models import User


@dataclass(frozen=True)
class ResetLink:
    """A link like the one in allauth's mail, and when it ends; it is stored nowhere."""

    address: str
    until: datetime


def reset_link(user: User, by: User) -> ResetLink:
    """Return a link by which `user` sets a new password, as the administrator `by` asks.

    It ends once it was used, with the user's next sign-in, or after `PASSWORD_RESET_TIMEOUT`
    seconds. Within a request: the link has its host. Raises `Refused` with a sentence.
    """
    if not user.is_active:
        raise Refused(
            "inactive",
            _("%(user)s is switched off: a password would not let them in.") % {"user": user},
        )
    if user.is_superuser and not by.is_superuser:
        raise Refused(
            "forbidden", _("Only an administrator may let %(user)s in.") % {"user": user}, 403
        )
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    address = get_adapter().get_reset_password_from_key_url(key)
    until = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    return ResetLink(address, until)
