"""The library: my stories, looked for, deleted and brought back."""

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import push_url, replace_url

from stories.history.library import TRASH_PERIOD, delete_story, undelete_story
from stories.ids import row_id
from stories.models import Genre, Story
from stories.pages import search
from stories.pages.common import SignedInRequest, own_story
from stories.pages.examples import EXAMPLES
from stories.pages.shelf.choosing import Choice, Sort, address_of
from stories.pages.shelf.listing import listing
from stories.pages.shelf.trash import to_trash


@login_required
@require_safe
def library(request: SignedInRequest) -> HttpResponse:
    """List my stories: all, or those that the address asks for, in its order."""
    mine = Story.objects.visible_to(request.user)
    deleted = Story.objects.deleted_by(request.user)
    context = {
        **listing(request.user, request.GET),
        "any_text": mine.filter(word_count__gt=0).exists(),
        "sorts": Sort.choices,
        "genres": list(Genre),
        "longest_query": search.LONGEST_QUERY,
        "just_deleted": deleted.filter(pk=row_id(request.GET.get("deleted", "")) or 0).first(),
        "in_trash": deleted.count(),
        "days": TRASH_PERIOD.days,
        "examples": EXAMPLES,
    }
    answer = render(request, "stories/library.html", context)
    return _in_address(request, answer) if request.htmx else answer


def _in_address(request: SignedInRequest, answer: HttpResponse) -> HttpResponse:
    """Let the browser's address say what is shown, so that Back leads to what was shown before.

    Each letter that is typed is no step to go back over; another order or filter is one.
    """
    choice = Choice.of(request.GET)
    before = Choice.of(QueryDict(urlsplit(request.htmx.current_url or "").query))
    url = f"{reverse('stories:library')}{choice.address()}"
    return push_url(answer, url) if choice.differs_from(before) else replace_url(answer, url)


@login_required
@require_POST
def delete(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Put a story into the trash; the library then offers to bring it back."""
    story = own_story(request.user, story_id)
    delete_story(story)
    return _back(request, deleted=str(story.pk))


@login_required
@require_POST
def undelete(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Bring a story back from the trash."""
    story = get_object_or_404(Story.objects.deleted_by(request.user), pk=story_id)
    # Somebody may have been faster, in another tab.
    if not undelete_story(story):
        raise Http404
    if request.POST.get("place") == "trash":
        return to_trash(request)
    return _back(request)


def _back(request: SignedInRequest, **more: str) -> HttpResponse:
    """Go back to what the library was showing."""
    return redirect(f"{reverse('stories:library')}{address_of(request.GET, **more)}")
