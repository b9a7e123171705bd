"""What is answered where no view does: a page with the navigation, or JSON for a script.

The handlers that `urls` names, and the answer to a form whose token is of before. `unavailable`
answers by the same hand.
"""

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_JSON, _PAGE = "application/json", "text/html"
# The second one needs no request and no database: it knows nobody.
_LAYOUT, _LAYOUT_ALONE = "base.html", "layout_alone.html"


@dataclass(frozen=True)
class Told:
    """An error as a person is told of it; `code` is for scripts."""

    status: HTTPStatus
    code: str
    title: "StrOrPromise"
    sentence: "StrOrPromise"


BAD_REQUEST = Told(
    HTTPStatus.BAD_REQUEST,
    "bad_request",
    _("Not understood"),
    _(
        "What your browser sent could not be understood, or is more than one page sends. Go back, "
        "load the page again and try once more."
    ),
)
FORBIDDEN = Told(
    HTTPStatus.FORBIDDEN, "forbidden", _("Not for you"), _("Only somebody else may see or do this.")
)
NOT_FOUND = Told(
    HTTPStatus.NOT_FOUND,
    "not_found",
    _("Not here"),
    _("There is nothing here any more, or it belongs to somebody else."),
)
TOO_MANY = Told(
    HTTPStatus.TOO_MANY_REQUESTS,
    "too_many",
    _("Too often"),
    _(
        "That was tried too often in a short time. Wait a few minutes and try again. Nothing was "
        "done this time."
    ),
)
FAULT = Told(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "fault",
    _("Something broke"),
    _(
        "The fault is ours, not yours. What you wrote is kept. Load the page again; if it stays, "
        "tell whoever runs this installation."
    ),
)
OLD_FORM = Told(
    HTTPStatus.FORBIDDEN,
    "old_form",
    _("This page was out of date"),
    _("You signed in or out since it was opened, in another tab perhaps. Nothing was done yet."),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return tell(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return tell(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404; whether there is such a thing of somebody else's is not told."""
    return tell(request, NOT_FOUND)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer 429, for allauth's limits."""
    return tell(request, TOO_MANY)


def fault(request: HttpRequest) -> HttpResponse:
    """Answer 500; what is wrong may be the database, or whoever is asking."""
    return tell(request, FAULT, alone=True)


def tell(request: HttpRequest, told: Told, *, alone: bool = False) -> HttpResponse:
    """Answer a person with a page, a script with the same as JSON.

    `alone`: nothing is looked up for the page, neither who is asking nor anything else.
    """
    if not wants_page(request):
        answer = {"code": told.code, "message": str(told.sentence), "state": None}
        return JsonResponse(answer, status=told.status)
    return page(request, "error.html", told, {}, alone=alone)


def wants_page(request: HttpRequest) -> bool:
    """Tell whether a person looks at the answer; who says nothing of what it wants is a script."""
    return request.get_preferred_type([_JSON, _PAGE]) == _PAGE


def page(
    request: HttpRequest, template: str, told: Told, more: dict[str, Any], *, alone: bool = False
) -> HttpResponse:
    """Return the page of an error; a plain one without the database if that doesn't answer now."""
    context = {"told": told, "contact": settings.CONTACT, **more}
    content = ""
    if not alone:
        with suppress(DatabaseError):
            content = render_to_string(template, {**context, "layout": _LAYOUT}, request)
    if not content:
        content = render_to_string("error.html", {**context, "layout": _LAYOUT_ALONE})
    response = HttpResponse(content, status=told.status)
    add_never_cache_headers(response)
    return response
