"""The page of a story, and what its parts ask for."""

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prose import diffs
from stories.history import library
from stories.history.provenance import last_generation
from stories.history.versions import StoryBusyError, VersionConflictError
from stories.models import Generation, Register, StorySettings
from stories.pages.common import SignedInRequest, own_story, refusal, state_of, take_context
from stories.pages.forms import StorySettingsForm
from stories.writing.recovery import recover_abandoned


@login_required
@require_safe
def story(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show the story with its settings, ready to be written, read and edited."""
    recover_abandoned(own_story(request.user, story_id))
    found = own_story(request.user, story_id)
    generation = last_generation(found)
    context = {
        "story": found,
        "form": StorySettingsForm(instance=found.settings),
        "presets": StorySettings.objects.presets_of(request.user),
        "generation": generation,
        "writer": generation.model if generation else "",
        "modes": Generation.Mode.choices,
        "registers": Register.choices,
        "state": state_of(found),
        **take_context(found),
    }
    return render(request, "stories/story.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def text(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Answer with the text as it stands; POST `{"version": n, "text": "…"}` saves an edit.

    `"undo": true` says that the editor came to it by undoing or redoing. 409 with the stored text
    when the story has moved on; nothing is changed then.
    """
    found = own_story(request.user, story_id)
    if request.method != "POST":
        return JsonResponse(state_of(found))
    try:
        body = json.loads(request.body)
        version, new_text = body["version"], body["text"]
        undone = body.get("undo", False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return refusal("bad_request", "The edit could not be understood.", 400)
    if type(version) is not int or not isinstance(new_text, str):
        return refusal("bad_request", "The edit could not be understood.", 400)
    try:
        library.save_text(found, request.user, new_text, version, undone=undone is True)
    except library.TextTooLongError as error:
        return refusal(error.code, str(error), 400)
    except StoryBusyError as error:
        return refusal(error.code, str(error), 409)
    except VersionConflictError as error:
        return refusal(error.code, str(error), 409, state_of(error.story))
    return JsonResponse(state_of(found))


@login_required
@require_POST
def differences(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Answer how two texts of the story differ; POST `{"mine": "…", "theirs": "…"}`.

    `segments` are pairs of a text and where it stands: "both", "mine" or "theirs".
    """
    own_story(request.user, story_id)
    try:
        body = json.loads(request.body)
        mine, theirs = body["mine"], body["theirs"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return refusal("bad_request", "The texts could not be understood.", 400)
    if not (isinstance(mine, str) and isinstance(theirs, str)):
        return refusal("bad_request", "The texts could not be understood.", 400)
    if max(len(mine), len(theirs)) > library.MAX_TEXT_LENGTH:
        return refusal("too_long", "The texts are too long to be compared.", 400)
    where = {"same": "both", "added": "mine", "removed": "theirs"}
    found = diffs.readable(diffs.word_diff(theirs, mine))
    return JsonResponse({"segments": [(text, where[change]) for change, text in found]})


@login_required
@require_safe
def report(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show how well the generation that the text goes back to kept to its settings."""
    found = own_story(request.user, story_id)
    context = {"story": found, "generation": last_generation(found)}
    return render(request, "stories/_report.html", context)


@login_required
@require_POST
def title(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Keep the writer's title; an empty one brings the suggestion back."""
    found = own_story(request.user, story_id)
    library.set_title(found, request.POST.get("title", ""))
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
