"""Teach: the whole loop on one page, and a writer's own part in it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from finetuning.pages.access import may_promote, may_start
from finetuning.services import consent
from finetuning.services.teaching import loop
from stories.history import curation, library
from stories.models import Story
from stories.pages.common import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD"])
def teach(request: SignedInRequest) -> HttpResponse:
    """Show where the loop stands and what to do next; to a writer, what became of their stories."""
    context = {
        "own": loop.own_stories(request.user),
        "consent": consent.has_consented(request.user),
    }
    if request.user.is_staff:
        found = loop.stand()
        context |= {
            "loop": found,
            "step": loop.next_step(found, request.user),
            "to_read": curation.queue(request.user).count(),
            "may_start": may_start(request),
            "may_promote": may_promote(request),
        }
    return render(request, "finetuning/teach.html", context)


@login_required
@require_POST
def take_back(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Take the mark off one of the user's own good stories: it teaches nobody any more."""
    story = get_object_or_404(Story.objects.visible_to(request.user), pk=story_id)
    library.set_good(story, False)
    told = _("“%(story)s” is yours alone again: it teaches no model from now on.")
    messages.success(request, told % {"story": story})
    return redirect("finetuning:teach")


@login_required
@require_POST
def give_consent(request: SignedInRequest) -> HttpResponse:
    """Keep whether others may compare stories that models write from the user's settings."""
    consent.consent(request.user, "given" in request.POST)
    messages.success(request, _("Kept."))
    return redirect("finetuning:teach")
