"""What every page shows of the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from stories.models import model_in_service
from stories.pages.constants import page_constants

# The embedded model is named so by `manage.py serve`; the page must not pass it off as more.
POCKET = "pocket"


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the model in service, whether it is or was tuned from the embedded one, and constants.

    The constants are those that the pages' scripts share with the server.
    """
    return {
        "story_model": SimpleLazyObject(model_in_service),
        "is_pocket": settings.STORY_MODEL.split(":")[0] == POCKET,
        "page_constants": page_constants(),
    }
