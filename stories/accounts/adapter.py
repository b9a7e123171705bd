"""What allauth asks us: who may open an account, what is said when something is wrong, the mail."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from stories.accounts import signup
from stories.models import User

logger = logging.getLogger(__name__)
_UNAVAILABLE = 503  # HTTP status


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The first account is the administrator's; after it, `ALLOW_SIGNUP` decides."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is switched off."),
        "cannot_remove_primary_email": _("This is your main address. Choose another one first."),
        "duplicate_email": _("You have this address already."),
        "email_password_mismatch": _("This address and this password don’t go together."),
        "email_taken": _("Somebody has an account with this address already."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
        "invalid_password_reset": _("This link is not valid any more."),
        "max_email_addresses": _("You can have %d addresses at most."),
        "too_many_login_attempts": _(
            "Too many failed attempts to sign in. Wait a few minutes and try again."
        ),
        "unverified_primary_email": _(
            "Confirm this address first: open the link in our mail to it."
        ),
        "username_blacklisted": _("This name can’t be used. Choose another one."),
        "username_password_mismatch": _("This user name and this password don’t go together."),
        "username_taken": _("Somebody has this name already. Choose another one."),
        "rate_limited": _("That was tried too often. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether an account can be opened now."""
        return signup.is_open()

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Tell whether a password is asked for once more: to let somebody else's account in too."""
        return app == "allauth.socialaccount" or super().is_reauthentication_required(
            app=app, **more
        )

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Store the new account, unless another one was the first meanwhile.

        The question before the form was asked by everybody who is here at the same time; only what
        the database lets in counts. Who comes too late is told, and leaves nothing behind.
        """
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit)
            is_first = commit and signup.make_administrator_if_first(saved)
            if commit and not is_first and not signup.is_allowed():
                raise ImmediateHttpResponse(render(request, "account/signup_closed.html"))
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; who waits for one that can't be sent is told so, and whom to ask."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            # Without its words: they may hold the address.
            logger.warning("Mail can't be sent (%s): see EMAIL_URL.", type(error).__name__)
            answer = render(current.request, "account/mail_failed.html", status=_UNAVAILABLE)
            raise ImmediateHttpResponse(answer) from error
