"""Curating as reading: one story a screen, and what is decided about it on the same page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from finetuning.pages.access import for_staff
from finetuning.services.teaching.reading import reading
from stories.errors import Refused
from stories.history import curation
from stories.ids import row_id
from stories.models import Story
from stories.pages.common import SignedInRequest


@for_staff
@require_http_methods(["GET", "HEAD"])
def read(request: SignedInRequest) -> HttpResponse:
    """Open the story that waits the longest; say so when none does."""
    first = curation.queue(request.user).first()
    if first is not None:
        return redirect("finetuning:read_story", first.pk)
    return render(request, "finetuning/read.html", {"waiting": Story.objects.waiting().count()})


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def read_story(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show a waiting story; POST `action` decides on it, or corrects a slip."""
    if request.method == "POST":
        return _act(request, story_id)
    story = Story.objects.waiting().select_related("owner", "good_settings").filter(pk=story_id)
    found = story.defer("text").first()
    if found is None:
        messages.info(request, _("This story is not waiting any more."))
        return redirect("finetuning:teach" if not _queue(request) else "finetuning:read")
    return _page(request, found)


def _page(request: SignedInRequest, story: Story, **more: Any) -> HttpResponse:
    queue = _queue(request)
    place = queue.index(story.pk) if story.pk in queue else 0
    context = {
        "reading": reading(story),
        "next": queue[(place + 1) % len(queue)] if len(queue) > 1 else None,
        "place": place + 1,
        "count": max(1, len(queue)),
        "is_own": story.pk not in queue,
        "mended": curation.mended_version(story),
        "most": curation.MAX_REASON,
        **more,
    }
    return render(request, "finetuning/read.html", context, status=422 if more else 200)


def _queue(request: SignedInRequest) -> list[int]:
    return list(curation.queue(request.user).values_list("pk", flat=True))


def _act(request: SignedInRequest, story_id: int) -> HttpResponse:
    story = get_object_or_404(Story.objects.good().defer("text"), pk=story_id)
    action, queue = request.POST.get("action", ""), _queue(request)
    try:
        told = _decide(request, story, action)
    except Refused as refused:
        return _refused(request, story, action, str(refused))
    decided = action in {"approve", "reject"}
    # The message offers to take a decision back.
    messages.success(request, told, extra_tags=str(story.pk) if decided else "")
    return _to_next(queue, story) if decided else redirect("finetuning:read_story", story.pk)


def _decide(request: SignedInRequest, story: Story, action: str) -> str:
    """Do `action` and return what to tell the curator. Raises `Refused`."""
    # What was on the page; a story that was marked anew since is not what was read.
    version = row_id(request.POST.get("version", "")) or 0
    if action == "approve":
        curation.approve(story, request.user, version)
        return _("Approved: “%(story)s”.") % {"story": story}
    if action == "reject":
        curation.reject(story, request.user, version, _reason(request))
        return _("Rejected: “%(story)s”. Its writer is shown why.") % {"story": story}
    if action == "reopen":
        curation.reopen(story, request.user)
        return _("“%(story)s” waits again.") % {"story": story}
    if action == "mend":
        curation.mend(story, request.user, version, request.POST.get("text", ""))
        return _("Corrected. Its writer is told.")
    raise Refused("unknown", _("There is no such action."), 400)


def _reason(request: HttpRequest) -> str:
    reason = " ".join(request.POST.get("reason", "").split())
    if not reason:
        raise Refused("no_reason", _("Say why: its writer is shown it."), 422)
    return reason


def _refused(request: SignedInRequest, story: Story, action: str, sentence: str) -> HttpResponse:
    """Say why not, on the same page, with what was typed; elsewhere when the story is gone."""
    if not Story.objects.waiting().filter(pk=story.pk).exists():
        messages.error(request, sentence)
        return redirect("finetuning:read")
    typed = {"reason": request.POST.get("reason", ""), "edited": request.POST.get("text", "")}
    return _page(request, story, refusal=sentence, action=action, **typed)


def _to_next(queue: list[int], story: Story) -> HttpResponse:
    """Go to the story after this one, in the order of before the decision."""
    if story.pk not in queue or len(queue) == 1:
        return redirect("finetuning:read")
    return redirect("finetuning:read_story", queue[(queue.index(story.pk) + 1) % len(queue)])
