"""Who may open a page of teaching: to everybody else, it is not there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.http.response import HttpResponseBase

from stories.pages.common import SignedInRequest

_Asked = ParamSpec("_Asked")
_View = Callable[Concatenate[SignedInRequest, _Asked], HttpResponseBase]


def for_staff(view: _View[_Asked]) -> Any:
    """Let curators and administrators open `view`; nobody else finds it."""

    @wraps(view)
    def answer(
        request: SignedInRequest, *arguments: _Asked.args, **named: _Asked.kwargs
    ) -> HttpResponseBase:
        if not request.user.is_staff:
            raise Http404
        return view(request, *arguments, **named)

    return login_required(answer)


def may_start(request: SignedInRequest) -> bool:
    """Tell whether the user may start, stop and resume runs."""
    return request.user.has_perm("finetuning.add_trainingrun")


def may_promote(request: SignedInRequest) -> bool:
    """Tell whether the user may put models into service and take them out."""
    return request.user.has_perm("stories.change_writermodel")


def demand(allowed: bool) -> None:
    """Raise `PermissionDenied` unless it is `allowed`."""
    if not allowed:
        raise PermissionDenied
