"""The page of a story, and what its parts ask for."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import Struct

from modelserver import names
from prose import diffs
from prose.prompts import MAX_INSTRUCTION_LENGTH
from stories.errors import Refused
from stories.history import library
from stories.history.versions import MAX_TEXT_LENGTH
from stories.live.frames import Number
from stories.models import Generation, Register, Story, StorySettings, model_in_service
from stories.pages.common import (
    SignedInRequest,
    answers_refusals,
    body_of,
    own_story,
    state_of,
    take_context,
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
    generation = about["generation"]
    context = {
        **about,
        "form": StorySettingsForm(instance=found.settings),
        "presets": StorySettings.objects.presets_of(request.user),
        "older_writer": _other_writer(found, generation),
        "writer": found.writer or model_in_service(),
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


def _other_writer(story: Story, generation: Generation | None) -> str:
    """Return the name of the model that wrote the text, if it is not the one that writes next."""
    if generation is None or names.same(generation.model, story.writer or model_in_service()):
        return ""
    return generation.model


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

    409 with the stored text when the story has moved on; nothing is changed then.
    """
    found = own_story(request.user, story_id)
    if request.method == "POST":
        edit = body_of(request, Edit, "The edit")
        library.save_text(found, request.user, edit.text, edit.version, undone=edit.undo)
    return JsonResponse(state_of(found))


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
    texts = body_of(request, Compared, "The texts")
    if max(len(texts.mine), len(texts.theirs)) > MAX_TEXT_LENGTH:
        raise Refused("too_long", "The texts are too long to be compared.", 400)
    where = {"same": "both", "added": "mine", "removed": "theirs"}
    found = diffs.readable(diffs.word_diff(texts.theirs, texts.mine))
    return JsonResponse({"segments": [(text, where[change]) for change, text in found]})


@login_required
@require_safe
def report(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Show how well the generation that the text goes back to kept to its settings."""
    found = own_story(request.user, story_id)
    return render(request, "stories/_report.html", report_context(found))


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
