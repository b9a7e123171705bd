"""The page of a story, and what its parts ask for."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stories import services
from stories.forms import StorySettingsForm
from stories.generation.recovery import recover_abandoned
from stories.models import Story, StorySettings, StoryVersion
from stories.versions import StoryBusyError, VersionConflictError
from stories.views.common import SignedInRequest, own_story

VERSIONS_PAGE = 30


@login_required
@require_safe
def story(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show the story with its settings, ready to be written, read and edited."""
    recover_abandoned(own_story(request.user, story_id))
    found = own_story(request.user, story_id)
    newest = found.generations.first()
    context = {
        "story": found,
        "form": StorySettingsForm(instance=found.settings),
        "presets": StorySettings.objects.presets_of(request.user),
        "generation": newest,
        "state": _state(found),
        "writer": services.writer_of(found),
        **_take_context(found),
    }
    return render(request, "stories/story.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def text(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Answer with the text as it stands; POST `{"version": n, "text": "…"}` saves an edit.

    409 with the stored text when the story has moved on; nothing is changed then.
    """
    found = own_story(request.user, story_id)
    if request.method != "POST":
        return JsonResponse(_state(found))
    try:
        body = json.loads(request.body)
        version, new_text = body["version"], body["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _refusal("bad_request", "The edit could not be understood.", 400)
    if type(version) is not int or not isinstance(new_text, str):
        return _refusal("bad_request", "The edit could not be understood.", 400)
    try:
        services.save_text(found, request.user, new_text, version)
    except services.TextTooLongError as error:
        return _refusal(error.code, str(error), 400)
    except StoryBusyError as error:
        return _refusal(error.code, str(error), 409)
    except VersionConflictError as error:
        return _refusal(error.code, str(error), 409, _state(error.story))
    return JsonResponse(_state(found))


@login_required
@require_safe
def report(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show how well the newest generation kept to its settings."""
    found = own_story(request.user, story_id)
    context = {"story": found, "generation": found.generations.first()}
    return render(request, "stories/_report.html", context)


@login_required
@require_POST
def title(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Keep the writer's title; an empty one brings the suggestion back."""
    found = own_story(request.user, story_id)
    services.set_title(found, request.POST.get("title", ""))
    if not request.htmx:
        return redirect("stories:story", found.pk)
    return render(request, "stories/_title.html", {"story": found})


@login_required
@require_POST
def good(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Mark the story as good, or take the mark away."""
    found = own_story(request.user, story_id)
    if found.text.strip():
        services.set_good(found, request.POST.get("good") == "1")
    if not request.htmx:
        return redirect("stories:story", found.pk)
    return render(request, "stories/_good.html", {"story": found})


@login_required
@require_POST
def show_take(request: SignedInRequest, story_id: int, take: int) -> HttpResponse:
    """Make another take the current one."""
    found = own_story(request.user, story_id)
    try:
        services.show_take(found, take)
    except StoryVersion.DoesNotExist:
        return _refusal("not_found", "This take is not here any more.", 404)
    except StoryBusyError as error:
        return _refusal(error.code, str(error), 409)
    return JsonResponse(_state(found))


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
    """Show one version."""
    found = own_story(request.user, story_id)
    shown = get_object_or_404(found.versions.select_related("generation"), number=number)
    template = "stories/_version.html" if request.htmx else "stories/version.html"
    return render(request, template, {"story": found, "version": shown})


@login_required
@require_POST
def restore(request: SignedInRequest, story_id: int, number: int) -> HttpResponse:
    """Make an old version's text the current one, as a new version."""
    found = own_story(request.user, story_id)
    try:
        services.restore_version(found, request.user, number)
    except StoryVersion.DoesNotExist:
        return _refusal("not_found", "This version is not here any more.", 404)
    except StoryBusyError as error:
        return _refusal(error.code, str(error), 409)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(_state(found))
    return redirect("stories:story", found.pk)


def _state(story: Story) -> dict[str, Any]:
    """Return what the page has to know about the text; scripts get the same as JSON."""
    return {
        "version": story.version,
        "text": story.text,
        "title": story.title,
        "words": story.word_count,
        **_take_context(story),
    }


def _take_context(story: Story) -> dict[str, Any]:
    return {"take": services.current_take(story), "takes": services.takes(story)}


def _refusal(code: str, message: str, status: int, state: Any = None) -> JsonResponse:
    return JsonResponse({"code": code, "message": message, "state": state}, status=status)
