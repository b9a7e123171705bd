"""Takes, versions, undo and redo: the ways through a story's history."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from prose import diffs
from stories.history import library, undo
from stories.models import Story, StoryVersion
from stories.pages.common import SignedInRequest, answers_refusals, own_story, state_of, tell_tabs

VERSIONS_PAGE = 30


@login_required
@require_POST
@answers_refusals
def show_take(request: SignedInRequest, story_id: int, take: int) -> HttpResponse:
    """Make another take the current one."""
    found = own_story(request.user, story_id)
    library.show_take(found, take)
    tell_tabs(found)
    return JsonResponse(state_of(found))


@login_required
@require_safe
def versions(request: SignedInRequest, story_id: int) -> HttpResponse:
    """List the story's versions, the newest first."""
    found = own_story(request.user, story_id)
    listed = found.versions.select_related("generation").defer("generation__prompt")
    page = Paginator(listed, VERSIONS_PAGE).get_page(request.GET.get("page"))
    return render(request, "stories/_versions.html", {"story": found, "page": page})


@login_required
@require_safe
def version(request: SignedInRequest, story_id: int, number: int) -> HttpResponse:
    """Show one version, and what it changed in the one that it was made from."""
    found = own_story(request.user, story_id)
    shown = get_object_or_404(found.versions.select_related("generation"), number=number)
    parent = found.versions.filter(number=shown.parent).first()
    # A take of its own has nothing in common with the one before it.
    compared = shown.origin != StoryVersion.Origin.WRITE
    context: dict[str, Any] = {"story": found, "version": shown}
    if parent is not None and compared:
        changes = diffs.readable(diffs.word_diff(parent.text, shown.text))
        context |= {"parent": parent, "segments": changes}
    template = "stories/_version.html" if request.htmx else "stories/version.html"
    return render(request, template, context)


@login_required
@require_POST
@answers_refusals
def restore(request: SignedInRequest, story_id: int, number: int) -> HttpResponse:
    """Make an old version's text the current one, as a new version."""
    found = own_story(request.user, story_id)
    library.restore_version(found, request.user, number)
    tell_tabs(found)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(state_of(found))
    return redirect("stories:story", found.pk)


@login_required
@require_POST
@answers_refusals
def step_back(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Undo the last change of the text, whoever made it."""
    return _step(own_story(request.user, story_id), undo.undo)


@login_required
@require_POST
@answers_refusals
def step_forward(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Redo what was undone last."""
    return _step(own_story(request.user, story_id), undo.redo)


def _step(story: Story, move: Callable[[Story], None]) -> HttpResponse:
    move(story)
    tell_tabs(story)
    return JsonResponse(state_of(story))
