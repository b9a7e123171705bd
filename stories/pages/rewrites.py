"""The writer's decision on a rewritten passage; the rewriting itself goes over the websocket."""

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from stories.history import library
from stories.history.versions import StoryBusyError, VersionConflictError
from stories.live import frames
from stories.pages.common import SignedInRequest, own_story, refusal, state_of
from stories.writing import rewrites


@login_required
@require_POST
def keep(request: SignedInRequest, story_id: int, generation_id: int) -> HttpResponse:
    """Put a replacement in the place of its passage.

    `{"start": n, "end": n, "version": n, "selected": "…"}` says where the passage is now. 409
    with the stored text when it is not there; nothing is changed then.
    """
    found = own_story(request.user, story_id)
    selection = _selection(request.body)
    if selection is None:
        return refusal("bad_request", "The passage could not be understood.", 400)
    try:
        rewrites.keep(found, request.user, generation_id, selection)
    except library.TextTooLongError as error:
        return refusal(error.code, str(error), 400)
    except VersionConflictError as error:
        return refusal(error.code, str(error), 409, state_of(error.story))
    except (rewrites.NotPendingError, StoryBusyError) as error:
        return refusal(error.code, str(error), 409, state_of(found))
    return JsonResponse(state_of(found))


@login_required
@require_POST
def discard(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Let the undecided replacement and its other tries go."""
    found = own_story(request.user, story_id)
    try:
        rewrites.discard(found)
    except StoryBusyError as error:
        return refusal(error.code, str(error), 409)
    return JsonResponse(state_of(found))


def _selection(body: bytes) -> rewrites.Selection | None:
    """Return the passage that `body` names, or None if it does not name one."""
    try:
        named = json.loads(body)
        start, end, version = named["start"], named["end"], named["version"]
        selected = named["selected"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(type(number) is int for number in (start, end, version)):
        return None
    if not isinstance(selected, str) or len(selected) > frames.MAX_SELECTED_LENGTH:
        return None
    return rewrites.Selection(start, end, version, selected)
