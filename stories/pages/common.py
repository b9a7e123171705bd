"""What the views share."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from stories.errors import Refused
from stories.history import library, undo
from stories.live import frames
from stories.models import Story, User
from stories.telling import told
from stories.writing import hub, rewrites

_Asked = ParamSpec("_Asked")
_Shape = TypeVar("_Shape")


class SignedInRequest(HttpRequest):
    """A request behind `login_required`."""

    user: User
    htmx: HtmxDetails


def own_story(user: User | AnonymousUser, story_id: int) -> Story:
    """Return the user's story; 404 for another's, a deleted one, or none."""
    return get_object_or_404(Story.objects.visible_to(user).select_related("settings"), pk=story_id)


def state_of(story: Story) -> dict[str, Any]:
    """Return what the page has to know about the text; scripts get the same as JSON."""
    return {
        "version": story.version,
        "text": story.text,
        "title": story.title,
        "words": story.word_count,
        "can_undo": undo.can_undo(story),
        "can_redo": undo.can_redo(story),
        "review": rewrites.open_review(story),
        **take_context(story),
    }


def tell_tabs(story: Story, *, about: bool = False) -> None:
    """Tell the pages that have `story` open, this one too, that it was changed by hand.

    `about` says that it was what stands around the text.
    """
    message = {"type": "story.changed", "version": story.version, "about": about}
    hub.tell_soon(story.pk, message)


def take_context(story: Story) -> dict[str, Any]:
    """Return the story's takes, and which of them is shown."""
    return {"take": library.current_take(story), "takes": library.takes(story)}


def answers_refusals(view: Callable[_Asked, HttpResponse]) -> Callable[_Asked, HttpResponse]:
    """Let `view` raise `Refused`; scripts are answered its code, its sentence and the story."""

    @wraps(view)
    def answering(*arguments: _Asked.args, **named: _Asked.kwargs) -> HttpResponse:
        try:
            return view(*arguments, **named)
        except Refused as refused:
            state = state_of(refused.story) if refused.story else None
            answer = {"code": refused.code, "message": told(str(refused)), "state": state}
            return JsonResponse(answer, status=refused.status)

    return answering


def body_of(request: HttpRequest, shape: type[_Shape], otherwise: str) -> _Shape:
    """Return the request's JSON as a Struct; raises `Refused`, which says `otherwise`."""
    try:
        found: _Shape = frames.read(request.body, shape)
    except ValueError as error:
        raise Refused("bad_request", otherwise, 400) from error
    return found
