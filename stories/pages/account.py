"""Leaving: an account is deleted with everything in it."""

from allauth.core import ratelimit
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from stories.accounts.departure import delete_account as delete_account_of
from stories.models import Story, User
from stories.pages.common import SignedInRequest

_WRONG, _TOO_OFTEN = 422, 429  # HTTP statuses


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: SignedInRequest) -> HttpResponse:
    """Ask for the password, then remove the account and all its stories for good.

    Who signs in through the provider alone has none, and types their name.
    """
    status = 200
    if request.method == "POST":
        user = request.user
        # Counted with the other places that ask for the password of somebody who is signed in.
        if not ratelimit.consume(request, action="reauthenticate"):
            status = _TOO_OFTEN
        elif _confirms(user, request.POST):
            logout(request)
            delete_account_of(user)
            return redirect("stories:home")
        else:
            status = _WRONG
    context = {
        "stories": Story.objects.filter(owner=request.user).count(),
        "wrong": status == _WRONG,
        "too_often": status == _TOO_OFTEN,
    }
    return render(request, "stories/delete_account.html", context, status=status)


def _confirms(user: User, typed: QueryDict) -> bool:
    if user.has_usable_password():
        return user.check_password(typed.get("password", ""))
    return typed.get("username", "").strip() == user.username
