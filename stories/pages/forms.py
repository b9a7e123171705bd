"""The settings form: the design's labels, values and limits, and what counts as bad input."""

from typing import Any, cast

from django import forms

from prose import cleaning, prompts
from prose.settings import FIELDS, Settings, split_list
from stories.models import Genre, Register, StorySettings

MAX_CHARACTERS = 8
MAX_KEYWORDS = 12
_EXAMPLES = {"main_characters": "Anna, Old Ben", "keywords": "lighthouse, silver key"}


class StorySettingsForm(forms.ModelForm[StorySettings]):
    """Story generation settings, as a writer fills them in."""

    max_words = forms.RegexField(
        # Digits only: "1e3", "300.0", "NaN" and other scripts' digits are not what a person means.
        regex=r"\A\s*[0-9]{1,6}\s*\Z",
        label="Max number of words",
        initial="300",
        error_messages={"invalid": "Enter a whole number, in digits."},
        widget=forms.NumberInput(
            attrs={
                "min": prompts.MIN_WORDS,
                "max": prompts.MAX_WORDS,
                "step": 1,
                "aria-describedby": "id_max_words_help",
            }
        ),
    )

    class Meta:
        model = StorySettings
        fields = FIELDS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        for name in ("main_characters", "keywords"):
            field = self.fields[name]
            field.widget.attrs |= {
                "autocomplete": "off",
                "aria-describedby": f"id_{name}_help",
                "placeholder": _EXAMPLES[name],
            }
        for name, choices in (("genre", Genre.choices), ("register", Register.choices)):
            choice = cast("forms.ChoiceField", self.fields[name])
            choice.choices = [("", "Choose…"), *choices]
            choice.error_messages["required"] = f"Choose a {name}."
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.Textarea):
                field.widget.attrs["dir"] = "auto"

    def clean_main_characters(self) -> str:
        """Tidy the names; at least one, and no more than a story can hold."""
        return _clean_list(self.cleaned_data["main_characters"], "name", MAX_CHARACTERS)

    def clean_keywords(self) -> str:
        """Tidy the keywords; at least one, and no more than a story can hold."""
        return _clean_list(self.cleaned_data["keywords"], "keyword", MAX_KEYWORDS)

    def clean_max_words(self) -> int:
        """Turn the digits into a number within the limits."""
        value = int(self.cleaned_data["max_words"])
        if not prompts.MIN_WORDS <= value <= prompts.MAX_WORDS:
            raise forms.ValidationError(
                f"Enter a number from {prompts.MIN_WORDS} to {prompts.MAX_WORDS:,}."
            )
        return value


class PresetForm(StorySettingsForm):
    """The same settings together with the name to keep them under."""

    preset_name = forms.CharField(label="Name", max_length=80)

    def clean_preset_name(self) -> str:
        """Tidy the name."""
        name = " ".join(cleaning.clean_text(self.cleaned_data["preset_name"]).split())
        if not name:
            raise forms.ValidationError("Enter a name.")
        return name


def settings_from(form: StorySettingsForm) -> StorySettings:
    """Return the unsaved settings of a valid `form`."""
    return StorySettings(**Settings.from_dict(form.cleaned_data).to_dict())


def _clean_list(text: str, noun: str, limit: int) -> str:
    cleaned = cleaning.clean_list(text)
    entries = split_list(cleaned)
    if not entries:
        raise forms.ValidationError(f"Enter at least one {noun}.")
    if len(entries) > limit:
        raise forms.ValidationError(f"Enter at most {limit} {noun}s; there are {len(entries)}.")
    return cleaned
