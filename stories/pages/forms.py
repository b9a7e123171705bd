"""The settings form: the design's labels, values and limits, and what counts as bad input."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prose import cleaning, prompts, sentences
from prose.settings import FIELDS, Settings, split_list
from stories.models import Genre, Register, StorySettings, model_in_service
from stories.pages.writers import languages
from stories.pages.writers.standing import title_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_CHARACTERS = 8
MAX_KEYWORDS = 12
# What a writer knows first; the language stands beside how it is to sound.
_ORDER = (
    *("premise", "main_characters", "keywords", "genre", "register", "language"),
    *("max_words", "reader_age"),
)
_EXAMPLES: "dict[str, StrOrPromise]" = {
    "premise": _("A light burns in a lighthouse where nobody lives"),
    "main_characters": _("Anna, Old Ben"),
    "keywords": _("lighthouse, silver key"),
}


class StorySettingsForm(forms.ModelForm[StorySettings]):
    """Story generation settings, as a writer fills them in; nothing of it has to be."""

    premise = forms.CharField(
        label=_("What should happen"),
        required=False,
        # Counted when it is tidied: the line breaks of a browser have two characters.
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": prompts.MAX_PREMISE_LENGTH}),
    )

    max_words = forms.RegexField(
        # Digits only: "1e3", "300.0", "NaN" and other scripts' digits are not what a person means.
        regex=r"\A\s*[0-9]{1,6}\s*\Z",
        label=_("Max number of words"),
        initial="300",
        error_messages={"invalid": _("Enter a whole number, in digits.")},
        widget=forms.NumberInput(
            attrs={
                "min": prompts.MIN_WORDS,
                "max": prompts.MAX_WORDS,
                "step": 1,
                "aria-describedby": "id_max_words_help",
            }
        ),
    )

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=languages.choices,
        widget=forms.Select(attrs={"aria-describedby": "id_language_help"}),
    )

    reader_age = forms.IntegerField(
        label=_("Age of readers"),
        required=False,
        min_value=prompts.MIN_AGE,
        max_value=prompts.MAX_AGE,
        widget=forms.NumberInput(attrs={"aria-describedby": "id_reader_age_help"}),
    )

    class Meta:
        model = StorySettings
        fields = FIELDS

    def __init__(self, *args: Any, writer: str = "", **options: Any) -> None:
        """Take the model that was chosen for the story, if one was."""
        super().__init__(*args, **{"label_suffix": "", **options})
        self._writer = writer
        self.order_fields(_ORDER)
        for name in _EXAMPLES:
            field = self.fields[name]
            field.widget.attrs |= {
                "autocomplete": "off",
                "aria-describedby": f"id_{name}_help",
                "placeholder": _EXAMPLES[name],
            }
        for name, choices, missing in (
            ("genre", Genre.choices, _("Choose a genre.")),
            ("register", Register.choices, _("Choose a register.")),
        ):
            choice = cast("forms.ChoiceField", self.fields[name])
            choice.choices = choices
            choice.error_messages["required"] = missing
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.Textarea):
                field.widget.attrs["dir"] = "auto"

    @property
    def writer_title(self) -> str:
        """What people call the model that writes."""
        return title_of(self._writer or model_in_service())

    @property
    def writes_only_english(self) -> bool:
        """Whether that model is known to write nothing else."""
        return languages.writes_only_english(self._writer or model_in_service())

    def clean_main_characters(self) -> str:
        """Tidy the names; no more than a story can hold."""
        return _clean_list(
            self.cleaned_data["main_characters"],
            MAX_CHARACTERS,
            gettext("Enter at most %(most)s names; there are %(count)s."),
        )

    def clean_keywords(self) -> str:
        """Tidy the keywords; no more than a story can hold."""
        return _clean_list(
            self.cleaned_data["keywords"],
            MAX_KEYWORDS,
            gettext("Enter at most %(most)s keywords; there are %(count)s."),
        )

    def clean_premise(self) -> str:
        """Tidy what should happen; its last sentence ends as one, since the prompt goes on."""
        typed = cleaning.clean_text(self.cleaned_data["premise"])
        lines = [" ".join(line.split()) for line in typed.splitlines()]
        text = "\n".join(line for line in lines if line)
        if len(text) > prompts.MAX_PREMISE_LENGTH:
            sentence = gettext("Enter at most %(most)s characters; there are %(count)s.")
            numbers = {"most": intcomma(prompts.MAX_PREMISE_LENGTH), "count": intcomma(len(text))}
            raise forms.ValidationError(sentence % numbers)
        if not text or len(text) == prompts.MAX_PREMISE_LENGTH or sentences.ends_sentence(text):
            return text
        return text + sentences.full_stop(text)

    def clean_max_words(self) -> int:
        """Turn the digits into a number within the limits."""
        value = int(self.cleaned_data["max_words"])
        if not prompts.MIN_WORDS <= value <= prompts.MAX_WORDS:
            sentence = gettext("Enter a number from %(least)s to %(most)s.")
            bounds = {"least": prompts.MIN_WORDS, "most": intcomma(prompts.MAX_WORDS)}
            raise forms.ValidationError(sentence % bounds)
        return value


class PresetForm(StorySettingsForm):
    """The same settings together with the name to keep them under."""

    preset_name = forms.CharField(label=_("Name"), max_length=80)

    def clean_preset_name(self) -> str:
        """Tidy the name."""
        name = " ".join(cleaning.clean_text(self.cleaned_data["preset_name"]).split())
        if not name:
            raise forms.ValidationError(_("Enter a name."))
        return name


def settings_from(form: StorySettingsForm) -> StorySettings:
    """Return the unsaved settings of a valid `form`."""
    return StorySettings(**Settings.from_dict(form.cleaned_data).to_dict())


def _clean_list(text: str, limit: int, sentence: str) -> str:
    cleaned = cleaning.clean_list(text)
    entries = split_list(cleaned)
    if len(entries) > limit:
        raise forms.ValidationError(sentence % {"most": limit, "count": len(entries)})
    return cleaned
