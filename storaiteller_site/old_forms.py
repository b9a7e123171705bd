"""What is answered to a form that was opened before its person signed in or out.

Its token is an older session's, so that nothing is done. What was typed comes back to be sent once
more, though only to a page of our own: another site could let a person send what they never typed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from allauth.account.utils import get_login_redirect_url
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from storaiteller_site.error_pages import OLD_FORM, page, tell, wants_page

_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field
_PASSWORD = "password"  # noqa: S105 - what every name of a password's field holds
# Fields of the account pages, where a person has typed before there was anybody signed in.
_LABELS = {
    "login": _("User name or email"),
    "username": _("User name"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
}
# Fields that nobody types into.
_UNSEEN = {
    "next",
    "language",
    "action",
    "remember",
    "place",
    "until",
    "good",
    "run",
    "pair",
    "choice",
    "index",
    "confirmed",
}


@dataclass(frozen=True)
class Typed:
    """A field of the form that was sent."""

    name: str
    value: str

    @property
    def label(self) -> str:
        """What the field is called on its page, or nearly so."""
        return str(_LABELS.get(self.name, self.name.replace("_", " ").capitalize()))

    @property
    def is_secret(self) -> bool:
        """Whether it is asked for again, instead of being kept in a page."""
        return _PASSWORD in self.name

    @property
    def is_seen(self) -> bool:
        """Whether a person typed it, and may want to copy it."""
        unseen = self.name in _UNSEEN or self.name.startswith("_")
        return not self.is_secret and not unseen and bool(self.value.strip())


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without a token that counts; `reason` is Django's, which logs it."""
    if not wants_page(request):
        return tell(request, OLD_FORM)
    return page(request, "old_form.html", OLD_FORM, _context(request))


def _context(request: HttpRequest) -> dict[str, object]:
    name = request.resolver_match.view_name if request.resolver_match else ""
    signed_in = request.user.is_authenticated
    own = _is_own(request)
    typed = list(_typed(request)) if own else []
    return {
        "own": own,
        "already_in": signed_in and name in {"account_login", "account_signup"},
        "already_out": not signed_in and name == "account_logout",
        "goal": get_login_redirect_url(request) if signed_in else "",
        "no_cookies": settings.CSRF_COOKIE_NAME not in request.COOKIES,
        "again": request.get_full_path() if typed else "",
        "typed": typed,
        "seen": [field for field in typed if field.is_seen],
    }


def _is_own(request: HttpRequest) -> bool:
    """Tell whether a page of ours sent the form, by what no page can say for itself."""
    own = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return request.headers.get("Origin") in own


def _typed(request: HttpRequest) -> Iterator[Typed]:
    for name, values in request.POST.lists():
        if name != _TOKEN:
            yield from (Typed(name, str(value)) for value in values)
