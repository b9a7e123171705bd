"""What every page shows of the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from stories.models import model_in_service
from stories.pages.constants import page_constants


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the model in service, its base, whether that is the embedded one, and constants.

    The constants are those that the pages' scripts share with the server.
    """
    return {
        "story_model": SimpleLazyObject(model_in_service),
        "base_model": settings.STORY_MODEL,
        "is_pocket": settings.STORY_MODEL_IS_EMBEDDED,
        "page_constants": page_constants(),
    }
