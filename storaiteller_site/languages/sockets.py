"""The language of a websocket: its page's, by the same cookie and header."""

from types import SimpleNamespace
from typing import Any

from django.utils.translation import get_language_from_request, override


def in_its_language(application: Any) -> Any:
    """Return the ASGI `application` so that what it says is in the language of who listens.

    Has to be inside of what reads cookies.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        with override(language_of(scope)):
            return await application(scope, receive, send)

    return answer


def language_of(scope: Any) -> str:
    """Return the code of the language that was chosen, else of the one that the browser prefers."""
    headers = dict(scope.get("headers", ()))
    accepted = headers.get(b"accept-language", b"").decode("latin-1")
    request: Any = SimpleNamespace(
        COOKIES=scope.get("cookies", {}), META={"HTTP_ACCEPT_LANGUAGE": accepted}
    )
    return str(get_language_from_request(request))
