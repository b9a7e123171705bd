"""The trash: what was deleted in the last 30 days, to bring back or to remove for good."""

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models.functions import Left
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import is_aware
from django.views.decorators.http import require_POST, require_safe

from stories.history.library import TRASH_PERIOD, remove_for_good
from stories.ids import row_id
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
    # Before they are counted: what comes in between stays when the trash is emptied.
    newest = found.values_list("deleted_at", flat=True).first()
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
    context = {
        "page": page,
        "entries": entries,
        "newest": newest,
        "here": _at(page.number),
        "days": TRASH_PERIOD.days,
    }
    return render(request, "stories/trash.html", context)


@login_required
@require_POST
def remove(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Remove one story that is in the trash, for good."""
    story = get_object_or_404(Story.objects.deleted_by(request.user), pk=story_id)
    _remove(Story.objects.deleted_by(request.user).filter(pk=story.pk))
    return to_trash(request)


@login_required
@require_POST
def empty(request: SignedInRequest) -> HttpResponse:
    """Remove for good what the page counted; POST `until`, when the newest of it was deleted.

    What came into the trash since then stays, and without `until` everything does.
    """
    until = _moment(request.POST.get("until", ""))
    if until is not None:
        _remove(Story.objects.deleted_by(request.user).filter(deleted_at__lte=until))
    return redirect("stories:trash")


def to_trash(request: SignedInRequest) -> HttpResponse:
    """Go back to the page of the trash that the address names."""
    return redirect(f"{reverse('stories:trash')}{_at(row_id(request.GET.get('page', '')) or 1)}")


def _at(page: int) -> str:
    return f"?page={page}" if page > 1 else ""


def _moment(text: str) -> datetime | None:
    """Return the moment that `text` writes as our pages do, or None."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if is_aware(found) else None
    except (ValueError, OverflowError):
        return None


def _remove(stories: StoryQuerySet) -> None:
    generations = Generation.objects.filter(story__in=stories)
    logs = list(generations.values_list("pk", flat=True))
    remove_for_good(stories)
    get_text_log().forget(logs)
