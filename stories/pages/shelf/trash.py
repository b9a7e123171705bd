"""The trash: what was deleted in the last 30 days, to bring back or to remove for good."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models.functions import Left
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from stories.history.library import TRASH_PERIOD, remove_for_good
from stories.models import Generation, Story
from stories.models.story import StoryQuerySet
from stories.pages import search
from stories.pages.common import SignedInRequest
from stories.writing.textlog import get_text_log

PAGE = 20  # stories
_BEGINNING = 1_000  # characters


@login_required
@require_safe
def trash(request: SignedInRequest) -> HttpResponse:
    """List what I have deleted, the last one first."""
    found = (
        Story.objects.deleted_by(request.user)
        .order_by("-deleted_at", "-pk")
        .defer("text")
        .annotate(beginning=Left("text", _BEGINNING))
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    entries = [
        (
            story,
            search.excerpt(getattr(story, "beginning", ""), []),
            story.deleted_at + TRASH_PERIOD,
        )
        for story in page
        if story.deleted_at is not None
    ]
    context = {"page": page, "entries": entries, "days": TRASH_PERIOD.days}
    return render(request, "stories/trash.html", context)


@login_required
@require_POST
def remove(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Remove one story that is in the trash, for good."""
    story = get_object_or_404(Story.objects.deleted_by(request.user), pk=story_id)
    _remove(Story.objects.deleted_by(request.user).filter(pk=story.pk))
    return redirect("stories:trash")


@login_required
@require_POST
def empty(request: SignedInRequest) -> HttpResponse:
    """Remove all that is in the trash, for good."""
    _remove(Story.objects.deleted_by(request.user))
    return redirect("stories:trash")


def _remove(stories: StoryQuerySet) -> None:
    generations = Generation.objects.filter(story__in=stories)
    logs = list(generations.values_list("pk", flat=True))
    remove_for_good(stories)
    get_text_log().forget(logs)
