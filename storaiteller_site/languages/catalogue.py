"""The scripts' sentences in one language: a script at an address that changes when they do."""

from functools import cache
from hashlib import sha256
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import override
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

_YEAR = 31_536_000  # seconds


@require_safe
def script(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """Answer the catalogue of `language`, whoever asks; at its own address it never changes."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    response = HttpResponse(_catalogue(language), content_type="text/javascript")
    response.headers["Content-Language"] = language
    if version == _version(language):
        patch_cache_control(response, public=True, max_age=_YEAR, immutable=True)
    return response


def address(language: str) -> str:
    """Return where the catalogue of `language` is, as it is now."""
    return reverse("language_script", args=[language, _version(language)])


@cache
def _version(language: str) -> str:
    return sha256(_catalogue(language)).hexdigest()[:12]


@cache
def _catalogue(language: str) -> bytes:
    with override(language):
        # The sentences lie in LOCALE_PATHS, which are always read; no app has any.
        view = JavaScriptCatalog.as_view(packages=["storaiteller_site"])
        request = HttpRequest()
        request.method = "GET"
        return bytes(cast("HttpResponse", view(request)).content)
