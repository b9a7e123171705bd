"""The choice of a model for a story, and how it is asked."""

from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from modelserver import names
from prose import prompts
from stories.history import library
from stories.models import Story, model_in_service
from stories.pages.common import own_story
from stories.pages.writers.languages import writes_only_english
from stories.pages.writers.standing import Found, found, standing, title_of

_LARGEST_SEED = 2**31 - 1
# What hardly anybody wants to set.
_HOW = ("temperature", "words_at_once", "seed")


def _about_words() -> str:
    sentence = gettext(
        "From %(least)s; Continue goes on from there. Empty: as many as the settings allow."
    )
    return sentence % {"least": prompts.MIN_WORDS}


class WriterForm(forms.ModelForm[Story]):
    """Which model, and how it is asked; what is empty is as it always is."""

    writer = forms.CharField(required=False, max_length=200)
    temperature = forms.FloatField(
        label=_("Temperature"),
        required=False,
        min_value=0,
        max_value=2,
        help_text=_("From 0, what is likeliest, to 2, anything goes. Empty: the model’s own."),
        widget=forms.NumberInput(attrs={"step": "0.1"}),
    )
    words_at_once = forms.IntegerField(
        label=_("Words at a time"),
        required=False,
        min_value=prompts.MIN_WORDS,
        max_value=prompts.MAX_WORDS,
        help_text=lazy(_about_words, str)(),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        min_value=0,
        max_value=_LARGEST_SEED,
        help_text=_(
            "The same seed, model and settings write the same again. Empty: a new one each time."
        ),
    )

    class Meta:
        model = Story
        fields = ("writer", *_HOW)

    def __init__(self, *args: Any, there: Found, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.there, self.before = there, self.instance.writer
        for name in _HOW:
            field: Any = self.fields[name]
            bounds = {"least": field.min_value, "most": field.max_value}
            for validator in field.validators:
                validator.message = gettext("Enter a number from %(least)s to %(most)s.") % bounds
            self.fields[name].widget.attrs["aria-describedby"] = f"id_{name}_help"

    def clean_writer(self) -> str:
        """Return the server's own name of the model; one that was chosen before may be gone."""
        name: str = self.cleaned_data["writer"].strip()
        if not name or name == self.before:
            return name
        known = (model.name for model in self.there.models if names.same(model.name, name))
        if chosen := next(known, None):
            return chosen
        raise forms.ValidationError(
            self.there.trouble or gettext("The model server has no such model.")
        )


def panel_context(story: Story) -> dict[str, Any]:
    """Return what the closed panel shows of `story`; the model server is not asked."""
    return {"writer_title": title_of(story.writer or model_in_service())}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
async def writer(request: HttpRequest, story_id: int) -> HttpResponse:
    """Show what the model server has; POST keeps the choice for the story."""
    story = await sync_to_async(own_story)(await request.auser(), story_id)
    there = await found()
    return await sync_to_async(_answer)(request, story, there)


def _answer(request: Any, story: Story, there: Found) -> HttpResponse:
    kept = False
    if request.method == "POST":
        # The offer of the default says nothing of how it is asked, and leaves it.
        unsaid = {name: getattr(story, name) for name in _HOW if name not in request.POST}
        form = WriterForm({**request.POST.dict(), **unsaid}, instance=story, there=there)
        kept = form.is_valid()
        if kept:
            library.choose_writer(story)
        else:
            story.refresh_from_db(fields=WriterForm.Meta.fields)
    else:
        form = WriterForm(instance=story, there=there)
    if request.method == "POST" and not request.htmx:
        return redirect("stories:story", story.pk)
    context = {
        "story": story,
        "form": form,
        "standing": standing(story, there),
        "kept": kept,
        "more": any(form[name].value() not in {None, ""} for name in _HOW)
        or not {*form.changed_data}.isdisjoint(_HOW),
        "writes_only_english": writes_only_english(story.writer or model_in_service()),
        **panel_context(story),
    }
    return render(request, "stories/_writer_body.html", context)
