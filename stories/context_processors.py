"""What every page shows of the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

# The embedded model is named so by `manage.py serve`; the page must not pass it off as more.
POCKET = "pocket"


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the model in service and whether it is the embedded one."""
    model = settings.STORY_MODEL
    return {"story_model": model, "is_pocket": model.split(":")[0] == POCKET}
