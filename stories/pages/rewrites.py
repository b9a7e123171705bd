"""The writer's decision on a rewritten passage; the rewriting itself goes over the websocket."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from stories.live.frames import SelectedPassage
from stories.pages.common import (
    SignedInRequest,
    answers_refusals,
    body_of,
    own_story,
    state_of,
    tell_tabs,
)
from stories.writing import rewrites


@login_required
@require_POST
@answers_refusals
def keep(request: SignedInRequest, story_id: int, generation_id: int) -> HttpResponse:
    """Put a replacement in the place of its passage.

    `{"start": n, "end": n, "version": n, "selected": "…"}` says where the passage is now. 409
    with the stored text when it is not there; nothing is changed then.
    """
    found = own_story(request.user, story_id)
    here = body_of(request, SelectedPassage, _("The passage could not be understood."))
    selection = rewrites.Selection(here.start, here.end, here.version, here.selected)
    rewrites.keep(found, request.user, generation_id, selection)
    tell_tabs(found)
    return JsonResponse(state_of(found))


@login_required
@require_POST
@answers_refusals
def discard(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Let the undecided replacement and its other tries go."""
    found = own_story(request.user, story_id)
    rewrites.discard(found)
    tell_tabs(found, about=True)
    return JsonResponse(state_of(found))
