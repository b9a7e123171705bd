"""What HTMX is told when its user has been signed out, or somebody else signed in, meanwhile.

It would follow the redirection to the sign-in page and put that page into a part of this one.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from stories.pages.constants import SIGNED_OUT


def keep_sign_in_out_of_parts(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let a page that asks for itself sign in as a whole, and leave a part of a page as it is."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        htmx = request.htmx  # type: ignore[attr-defined]  # by the middleware before this one
        if not htmx or "Location" not in response.headers:
            return response
        # In the admin nobody types into a page with parts. Its own sign-in redirects once more.
        if request.path.startswith(reverse("admin:index")):
            return HttpResponseClientRefresh()
        login = resolve_url(settings.LOGIN_URL)
        if not response.headers["Location"].startswith(f"{login}?"):
            return response
        if request.method == "GET" and urlsplit(htmx.current_url or "").path == request.path:
            after = urlencode({"next": request.get_full_path()})
            return HttpResponseClientRedirect(f"{login}?{after}")
        # HTMX puts nothing in the place of what stands there; `static/js/common/refused.js` tells
        # the person.
        return HttpResponse(status=SIGNED_OUT)

    return answer
