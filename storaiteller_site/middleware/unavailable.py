"""What is answered while the database can't take or give anything: a full disk, a server away."""

import logging
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from storaiteller_site.error_pages import Told, tell
from stories.errors import NOT_STORED
from stories.live import frames
from stories.telling import told

logger = logging.getLogger(__name__)

_UNAVAILABLE = Told(
    HTTPStatus.SERVICE_UNAVAILABLE,
    frames.NOT_STORED,
    _("Not just now"),
    lazy(told, str)(NOT_STORED),
)
# Seconds after which asking again may be of use.
_RETRY_AFTER = "10"


class SayUnavailable(MiddlewareMixin):
    """Tell scripts and people in a sentence, whichever view needed the database."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer 503 if the database itself failed; what else is wrong is a fault of ours."""
        if not isinstance(error, InterfaceError | OperationalError):
            return None
        logger.warning("%s %s can't be answered: %s", request.method, request.path, error)
        # What pages are told of their user would ask the database again.
        response = tell(request, _UNAVAILABLE, alone=True)
        response.headers["Retry-After"] = _RETRY_AFTER
        return response
