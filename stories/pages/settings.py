"""The settings form: a new story from it, a story's own, and presets."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from stories.history import library
from stories.ids import row_id
from stories.models import Story, StorySettings
from stories.pages.common import SignedInRequest, own_story
from stories.pages.examples import EXAMPLES, example, usual
from stories.pages.forms import PresetForm, StorySettingsForm, settings_from


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_story(request: SignedInRequest) -> HttpResponse:
    """Show the form; valid settings, or an example's, open a story of their own."""
    if request.method == "POST":
        if chosen := example(request.POST.get("example", "")):
            story = library.create_story(request.user, chosen)
            return _begun(story, write=True)
        form = StorySettingsForm(request.POST)
        if form.is_valid():
            story = library.create_story(request.user, settings_from(form))
            return _begun(story, write="write" in request.POST)
    else:
        form = StorySettingsForm(instance=_template_for(request))
    context = {
        "form": form,
        "presets": StorySettings.objects.presets_of(request.user),
        "examples": EXAMPLES,
    }
    return render(request, "stories/new.html", context, status=422 if form.is_bound else 200)


def _begun(story: Story, *, write: bool) -> HttpResponse:
    """Go to the new story's page, which starts the writing if it was asked for."""
    response = redirect("stories:story", story.pk)
    response["Location"] += "#write" if write else ""
    return response


def _template_for(request: SignedInRequest) -> StorySettings:
    """Return the settings to begin with: an example's or another story's of mine, if named."""
    if chosen := example(request.GET.get("example", "")):
        return chosen
    like = row_id(request.GET.get("like", "")) or 0
    story = Story.objects.visible_to(request.user).filter(pk=like).first()
    return story.settings if story else usual(request.user)


@login_required
@require_POST
def change_settings(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Give a story new settings; answers with the panel, the assembled prompt in it."""
    story = own_story(request.user, story_id)
    form = StorySettingsForm(request.POST, writer=story.writer)
    valid = form.is_valid()
    if valid:
        library.change_settings(story, settings_from(form))
        if not request.htmx:
            return redirect("stories:story", story.pk)
        form = StorySettingsForm(instance=story.settings, writer=story.writer)
    context = {
        "form": form,
        "story": story,
        "submitted": valid,
        "answered": True,
        "presets": StorySettings.objects.presets_of(request.user),
    }
    # htmx swaps successful answers only; the form with its errors is one to it.
    status = 200 if valid or request.htmx else 422
    return render(request, "stories/_settings.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def presets(request: SignedInRequest) -> HttpResponse:
    """List the saved settings; POST saves the form under a name."""
    message, errors = "", []
    if request.method == "POST":
        form = PresetForm(request.POST)
        if form.is_valid():
            preset = library.save_preset(
                request.user, settings_from(form), form.cleaned_data["preset_name"]
            )
            message = _("Saved as “%(name)s”.") % {"name": preset.name}
        else:
            errors = [
                _("%(field)s: %(error)s") % {"field": form.fields[name].label, "error": error}
                for name, found in form.errors.items()
                for error in found
            ]
    context = {
        "presets": StorySettings.objects.presets_of(request.user),
        "message": message,
        "errors": errors,
    }
    return render(request, "stories/_presets.html", context)


@login_required
@require_http_methods(["GET", "HEAD"])
def preset(request: SignedInRequest, preset_id: int) -> HttpResponse:
    """Answer with the form's fields, filled in from saved settings."""
    found = get_object_or_404(StorySettings.objects.presets_of(request.user), pk=preset_id)
    context = {"form": StorySettingsForm(instance=found)}
    return render(request, "stories/_fields.html", context)


@login_required
@require_POST
def delete_preset(request: SignedInRequest, preset_id: int) -> HttpResponse:
    """Take saved settings out of the list."""
    found = get_object_or_404(StorySettings.objects.presets_of(request.user), pk=preset_id)
    library.delete_preset(found)
    context = {
        "presets": StorySettings.objects.presets_of(request.user),
        "message": (
            _("“%(name)s” is removed.") % {"name": found.name} if found.name else _("Removed.")
        ),
    }
    return render(request, "stories/_presets.html", context)
