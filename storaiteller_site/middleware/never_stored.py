"""No page of ours is kept by a browser or a proxy: it shows what changes, or is one person's.

Back would show a story as it was when its page was first opened, and typing there would end in a
conflict; after a sign-out on a shared computer it would show somebody's stories.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers


def never_store(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Forbid to store an answer, unless its view has said how long it may be kept."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return answer
