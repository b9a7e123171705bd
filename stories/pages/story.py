"""The page of a story, and what its parts ask for."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import Struct

from prose import diffs
from prose.prompts import MAX_INSTRUCTION_LENGTH
from stories.errors import Refused
from stories.history import library, merging
from stories.history.versions import MAX_TEXT_LENGTH
from stories.live.frames import Number
from stories.models import Generation, Register, StorySettings
from stories.pages.common import (
    SignedInRequest,
    answers_refusals,
    body_of,
    own_story,
    state_of,
    take_context,
    tell_tabs,
)
from stories.pages.forms import StorySettingsForm
from stories.pages.shelf.tags import tagging
from stories.pages.summary import report_context
from stories.pages.writers.choice import panel_context
from stories.writing.recovery import recover_abandoned


@login_required
@require_safe
def story(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show the story with its settings, ready to be written, read and edited."""
    recover_abandoned(own_story(request.user, story_id))
    found = own_story(request.user, story_id)
    about = report_context(found)
    context = {
        **about,
        "form": StorySettingsForm(instance=found.settings, writer=found.writer),
        "presets": StorySettings.objects.presets_of(request.user),
        "modes": Generation.Mode.choices,
        "longest_wish": MAX_INSTRUCTION_LENGTH,
        "registers": Register.choices,
        "state": state_of(found),
        "place": "story",
        **tagging(found),
        **take_context(found),
        **panel_context(found),
    }
    return render(request, "stories/story.html", context)


class Edit(Struct):
    """An edited text, and the version that it was made from."""

    version: Number
    text: str
    undo: bool = False  # the editor came to it by undoing or redoing


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answers_refusals
def text(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Answer with the text as it stands; POST saves an `Edit`.

    When the story has moved on, the edit is merged with what was saved meanwhile: `typed` is then
    the number of the version that has the edited text alone, which the editor goes on from. 409
    with the stored text where both have changed the same place; nothing is changed then.
    """
    found = own_story(request.user, story_id)
    if request.method != "POST":
        return JsonResponse(state_of(found))
    edit = body_of(request, Edit, _("The edit could not be understood."))
    before = found.version
    typed = merging.save_edit(found, request.user, edit.text, edit.version, undone=edit.undo)
    if found.version != before:
        tell_tabs(found)
    return JsonResponse(state_of(found) | ({} if typed is None else {"typed": typed}))


class Compared(Struct):
    """Two texts of a story."""

    mine: str
    theirs: str


@login_required
@require_POST
@answers_refusals
def differences(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Answer how two texts of the story differ; POST `Compared`.

    `segments` are pairs of a text and where it stands: "both", "mine" or "theirs".
    """
    own_story(request.user, story_id)
    texts = body_of(request, Compared, _("The texts could not be understood."))
    if max(len(texts.mine), len(texts.theirs)) > MAX_TEXT_LENGTH:
        raise Refused("too_long", _("The texts are too long to be compared."), 400)
    where = {"same": "both", "added": "mine", "removed": "theirs"}
    found = diffs.readable(diffs.word_diff(texts.theirs, texts.mine))
    return JsonResponse({"segments": [(text, where[change]) for change, text in found]})


@login_required
@require_safe
def report(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show how well the text as it stands keeps to its settings, and who wrote it."""
    found = own_story(request.user, story_id)
    return render(request, "stories/_report.html", {**report_context(found), "aside": True})


@login_required
@require_POST
def title(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Keep the writer's title; an empty one brings the suggestion back."""
    found = own_story(request.user, story_id)
    library.set_title(found, request.POST.get("title", ""))
    tell_tabs(found, about=True)
    if not request.htmx:
        return redirect("stories:story", found.pk)
    return render(request, "stories/_title.html", {"story": found})


@login_required
@require_POST
def good(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Mark the story as good, or take the mark away."""
    found = own_story(request.user, story_id)
    if found.text.strip():
        library.set_good(found, request.POST.get("good") == "1")
    if not request.htmx:
        return redirect("stories:story", found.pk)
    return render(request, "stories/_good.html", {"story": found})
