"""The library: my stories, deleted and brought back."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from stories import services
from stories.models import Story
from stories.views.common import SignedInRequest, own_story

PAGE = 12  # stories


@login_required
@require_safe
def library(request: SignedInRequest) -> HttpResponse:
    """List my stories, the newest first."""
    stories = Story.objects.visible_to(request.user).select_related("settings")
    only_good = request.GET.get("good") == "1"
    page = Paginator(stories.good() if only_good else stories, PAGE).get_page(
        request.GET.get("page")
    )
    deleted = Story.objects.deleted_by(request.user).filter(
        pk=_number(request.GET.get("deleted", ""))
    )
    context = {"page": page, "only_good": only_good, "just_deleted": deleted.first()}
    return render(request, "stories/library.html", context)


@login_required
@require_POST
def delete(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Delete a story; the library then offers to bring it back."""
    story = own_story(request.user, story_id)
    services.delete_story(story)
    response = redirect("stories:library")
    response["Location"] += f"?deleted={story.pk}"
    return response


@login_required
@require_POST
def undelete(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Bring a deleted story back."""
    story = get_object_or_404(Story.objects.deleted_by(request.user), pk=story_id)
    services.undelete_story(story)
    return redirect("stories:library")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
