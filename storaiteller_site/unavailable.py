"""What is answered while the database can't take or give anything: a full disk, a server away."""

import logging
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from stories.errors import NOT_STORED
from stories.live import frames

logger = logging.getLogger(__name__)

_JSON, _PAGE = "application/json", "text/html"
# Seconds after which asking again may be of use.
_RETRY_AFTER = "10"


class SayUnavailable(MiddlewareMixin):
    """Tell scripts and people in a sentence, whichever view needed the database."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer 503 if the database itself failed; what else is wrong is a fault of ours."""
        if not isinstance(error, InterfaceError | OperationalError):
            return None
        logger.warning("%s %s can't be answered: %s", request.method, request.path, error)
        response = _told(request)
        response.headers["Retry-After"] = _RETRY_AFTER
        return response


def _told(request: HttpRequest) -> HttpResponse:
    # A script that says nothing of what it wants is a script.
    if request.get_preferred_type([_JSON, _PAGE]) != _PAGE:
        told = {"code": frames.NOT_STORED, "message": NOT_STORED, "state": None}
        return JsonResponse(told, status=HTTPStatus.SERVICE_UNAVAILABLE)
    # Without the request: what pages are told of their user would ask the database again.
    page = render_to_string("503.html", {"sentence": NOT_STORED})
    return HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
