"""What the views share."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from stories.history import library, undo
from stories.models import Story, User
from stories.writing import rewrites


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


def take_context(story: Story) -> dict[str, Any]:
    """Return the story's takes, and which of them is shown."""
    return {"take": library.current_take(story), "takes": library.takes(story)}


def refusal(code: str, message: str, status: int, state: Any = None) -> JsonResponse:
    """Return the answer to what can't be done; `state` is the story as it stands, on a conflict."""
    return JsonResponse({"code": code, "message": message, "state": state}, status=status)
