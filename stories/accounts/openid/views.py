"""The way to the provider and back, and the page where an account is connected with it."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from stories.accounts.openid import sayings
from stories.accounts.openid.adapter import fate
from stories.accounts.openid.current import current
from stories.accounts.openid.passwords import is_connected

if TYPE_CHECKING:
    from collections.abc import Callable


def _while_on(view: "Callable[..., HttpResponse]") -> "Callable[..., HttpResponse]":
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        current()
        return view(request)

    return answer


@_while_on
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the provider; only a form of ours does, no link of somebody else's."""
    if request.method != "POST":
        login = reverse("account_login")
        return redirect(passthrough_next_redirect_url(request, login, "next"))
    return _leave(request, AuthProcess.LOGIN)


@_while_on
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take in who comes back from the provider, for as long as the browser is open.

    Schools' computers are shared, and to sign in again is one click.
    """
    from allauth.socialaccount.providers.base.provider import ProviderException
    from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
    from requests import RequestException

    from stories.accounts.openid.provider import Exchange

    before = request.user.pk
    exchange = Exchange(request, current())
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(exchange)(request)
    except (RequestException, ProviderException) as error:
        # Of the configuration, which allauth asks for before it listens for errors.
        answer = sayings.tell(request, fate(request, None, error, {}))
    if request.user.pk != before:
        request.session.set_expiry(0)
    return answer


@login_required
@_while_on
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Show whether an account belongs to one at the provider, or lead there to connect them."""
    user: Any = request.user
    connected = is_connected(user)
    if request.method == "POST" and not connected:
        answer: HttpResponse = _connect(request)
        return answer
    return render(request, "account/openid_connect.html", {"connected": connected})


# Or who finds a screen unlocked would have a way in of their own for ever.
@reauthentication_required(app="allauth.socialaccount")  # type: ignore[untyped-decorator]
def _connect(request: HttpRequest) -> HttpResponse:
    return _leave(request, AuthProcess.CONNECT)


def _leave(request: HttpRequest, process: str) -> HttpResponse:
    """Answer with a page that goes on to the provider by itself.

    A form that is redirected to another site, and by that one perhaps to a third, is stopped by
    `form-action` in browsers; a page that goes on is not.
    """
    from allauth.socialaccount.providers.base.provider import ProviderException
    from requests import RequestException

    if not ratelimit.consume(request, action="login"):
        refusal: HttpResponse = ratelimit.respond_429(request)
        return refusal
    provider = get_adapter(request).get_provider(request, current().issuer)
    try:
        goal = provider.redirect(request, process, next_url=get_next_redirect_url(request))
    except (RequestException, ProviderException) as error:
        return sayings.tell(request, fate(request, None, error, {}))
    return render(request, "account/openid_go.html", {"goal": goal["Location"]})
