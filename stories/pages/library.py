"""The library: my stories, looked for, taken along, deleted and brought back."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from stories.history.library import delete_story, undelete_story
from stories.ids import row_id
from stories.models import Story
from stories.pages import downloads, search
from stories.pages.common import SignedInRequest, own_story

PAGE = 12  # stories


@login_required
@require_safe
def library(request: SignedInRequest) -> HttpResponse:
    """List my stories, the newest first: all, the good ones, those in which words stand."""
    stories = Story.objects.visible_to(request.user).select_related("settings")
    only_good = request.GET.get("good") == "1"
    words = search.query_words(request.GET.get("q", ""))
    found = (stories.good() if only_good else stories).filter(search.matching(words))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    deleted = Story.objects.deleted_by(request.user)
    context = {
        "page": page,
        "cards": [(story, search.excerpt(story.text, words)) for story in page],
        "any": stories.exists(),
        "any_text": stories.exclude(text="").exists(),
        "only_good": only_good,
        "query": " ".join(words),
        "longest_query": search.LONGEST_QUERY,
        "just_deleted": deleted.filter(pk=row_id(request.GET.get("deleted", "")) or 0).first(),
    }
    return render(request, "stories/library.html", context)


@login_required
@require_safe
def download(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Send one story as a text file."""
    story = own_story(request.user, story_id)
    return _file(
        downloads.text_file(story), downloads.file_name(story), "text/plain; charset=utf-8"
    )


@login_required
@require_safe
def download_all(request: SignedInRequest) -> HttpResponse:
    """Send all of my stories as text files in one archive, the oldest first."""
    stories = Story.objects.visible_to(request.user).order_by("created_at", "pk")
    return _file(downloads.archive(stories.iterator()), "My stories.zip", "application/zip")


@login_required
@require_POST
def delete(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Delete a story; the library then offers to bring it back."""
    story = own_story(request.user, story_id)
    delete_story(story)
    return _back(request, deleted=str(story.pk))


@login_required
@require_POST
def undelete(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Bring a deleted story back."""
    story = get_object_or_404(Story.objects.deleted_by(request.user), pk=story_id)
    undelete_story(story)
    return _back(request)


def _back(request: SignedInRequest, **more: str) -> HttpResponse:
    """Go back to what the library was showing."""
    shown = {name: request.GET[name] for name in ("q", "good", "page") if name in request.GET}
    return redirect(reverse("stories:library", query={**shown, **more}))


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    disposition = str(content_disposition_header(as_attachment=True, filename=name))
    return HttpResponse(content, content_type, headers={"Content-Disposition": disposition})
