"""Who may open an account, and who becomes the administrator."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import render

from stories.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The first account is the administrator's; after it, `ALLOW_SIGNUP` decides."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether an account can be opened now."""
        return settings.ALLOW_SIGNUP or not User.objects.exists()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Store the new account, unless another one was the first meanwhile.

        The question before the form was asked by everybody who is here at the same time; only what
        the database lets in counts. Who comes too late is told, and leaves nothing behind.
        """
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit)
            if commit and not make_administrator_if_first(saved) and not settings.ALLOW_SIGNUP:
                raise ImmediateHttpResponse(render(request, "account/signup_closed.html"))
        return saved


def make_administrator_if_first(user: User) -> bool:
    """Give `user` every right if there is no older account; tell whether it was so."""
    if User.objects.filter(pk__lt=user.pk).exists():
        return False
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(
                is_founder=True, is_staff=True, is_superuser=True
            )
    except IntegrityError:
        return False  # two first accounts at once, and the other was quicker
    user.refresh_from_db()
    return True
