"""What a person is told where a sign-in through the provider ends otherwise than in one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from stories.accounts.openid.current import current

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Told:
    """An end; the sentences may have the places `name`, the provider's, and `contact`."""

    status: HTTPStatus
    title: "StrOrPromise"
    sentence: "StrOrPromise"
    again: bool = True  # whether to try again may help


CANCELLED = Told(
    HTTPStatus.OK,
    _("You are not signed in"),
    _("The sign-in with %(name)s was cancelled. Nothing was changed."),
)
OVER = Told(
    HTTPStatus.BAD_REQUEST,
    _("This sign-in is over"),
    _(
        "It was used already, took longer than ten minutes, or began in another browser. Begin "
        "once more."
    ),
)
UNREACHABLE = Told(
    HTTPStatus.SERVICE_UNAVAILABLE,
    _("%(name)s does not answer"),
    _("You could not be signed in, since %(name)s does not answer. Try again in a few minutes."),
)
UNUSABLE = Told(
    HTTPStatus.BAD_GATEWAY,
    _("The sign-in did not work"),
    _(
        "What %(name)s answered can’t be used, so you are not signed in. If it stays like this, "
        "tell whoever runs this installation: the reason is in its log."
    ),
)
NOT_INVITED = Told(
    HTTPStatus.FORBIDDEN,
    _("Not for your account"),
    _(
        "%(name)s knows you, but your account there is in none of the groups that may use this "
        "installation."
    ),
    again=False,
)
UNCLAIMED = Told(
    HTTPStatus.FORBIDDEN,
    _("Nobody runs this installation yet"),
    _("Its administrator has to open the first account, and then everybody else can come in."),
    again=False,
)
TAKEN = Told(
    HTTPStatus.CONFLICT,
    _("You may have an account here already"),
    _(
        "There is one with your email address, and it does not belong to your account at %(name)s "
        "yet. Sign in to it with its password. Then choose “Sign-in with %(name)s” in the menu, "
        "and the two are connected."
    ),
    again=False,
)
TAKEN_FOR_NOW = Told(
    HTTPStatus.CONFLICT,
    _("You may have an account here already"),
    _(
        "There is one with your email address, and it does not belong to your account at %(name)s "
        "yet. To have them connected, ask %(contact)s."
    ),
    again=False,
)
AT_ONCE = Told(
    HTTPStatus.CONFLICT,
    _("Please try once more"),
    _("Your account was just being made, in another tab perhaps."),
)


def tell(request: HttpRequest, told: Told) -> HttpResponse:
    """Answer with the page of an end."""
    places = {"name": current().name, "contact": settings.CONTACT}
    context = {
        "title": str(told.title) % places,
        "sentence": str(told.sentence) % places,
        "again": told.again,
        "denied": told is NOT_INVITED,
    }
    return render(request, "account/openid.html", context, status=told.status)
