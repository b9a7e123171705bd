"""What every page shows of the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from stories.accounts import mail, signup
from stories.models import model_in_service
from stories.pages.constants import page_constants


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the model in service, its base, whether that is the embedded one, and constants.

    The constants are those that the pages' scripts share with the server. Then what the account
    pages say of coming in: whether sign-up is open, through which provider, whom to ask, and where
    mail goes.
    """
    return {
        "story_model": SimpleLazyObject(model_in_service),
        "base_model": settings.STORY_MODEL,
        "is_pocket": settings.STORY_MODEL_IS_EMBEDDED,
        "page_constants": page_constants(),
        "signup_open": SimpleLazyObject(signup.is_open),
        "openid": settings.OIDC,
        "contact": settings.CONTACT,
        "mail_goes": mail.mail_goes(),
        "mail_folder": mail.mail_folder(),
    }
