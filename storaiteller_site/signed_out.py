"""What HTMX is told when its user has been signed out meanwhile.

It would follow the redirection to the sign-in page and put that page into a part of this one.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect


def keep_sign_in_out_of_parts(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let a page that asks for itself sign in as a whole, and leave a part of a page as it is."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        htmx = request.htmx  # type: ignore[attr-defined]  # by the middleware before this one
        if not htmx or not response.headers.get("Location", "").startswith(f"{login}?"):
            return response
        page = htmx.current_url_abs_path or "/"
        if page.partition("?")[0] == request.path:
            return HttpResponseClientRedirect(f"{login}?{urlencode({'next': page})}")
        return HttpResponse(status=401)  # nothing is put in the place of what stands there

    return answer
